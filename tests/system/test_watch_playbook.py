# Copyright (c) 2026 The linux_tcp.hardening authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""watch_tcp.yml as people run it, on a host made of namespaces with connections planted on its loopback interface."""

from __future__ import annotations

import collections
import contextlib
import json
import os
import re
import subprocess
import sys
import typing as t
from pathlib import Path

import pytest
from prometheus_client.parser import text_string_to_metric_families
from support.full_namespace import full_namespace
from support.own_host import OwnHost, own_host

TESTS = Path(__file__).resolve().parents[1]
IPV4 = "/proc/sys/net/ipv4"
CLOCK = {"ANSIBLE_CALLBACK_PLUGINS": str(TESTS / "support" / "callback_plugins"), "ANSIBLE_CALLBACKS_ENABLED": "watch_clock"}
LOCAL = {"ansible_connection": "local", "ansible_python_interpreter": sys.executable}
BROKEN = {**LOCAL, "ansible_python_interpreter": "/no/such/python"}
# Nothing listens on port 1 of the loopback interface, so ssh is refused at once.
GONE = {"ansible_connection": "ssh", "ansible_host": "127.0.0.1", "ansible_port": 1}
FLEET = {"all": {"hosts": {"web1": LOCAL, "web2": LOCAL, "broken1": BROKEN, "gone1": GONE}}}

CONNECTIONS, BUCKETS, PORTS = 40, 30, 100
# Which of them counts a SYN with an old timestamp depends on the kernel.
PAWS = ("PAWSTimewait", "PAWSEstab")
TRAFFIC = """
import sys
sys.path.insert(0, {tests!r})
from support import faults
faults.make_server_address()
faults.{call}
"""


host = pytest.fixture(own_host, scope="module")


class Run(t.NamedTuple):
    code: int
    output: str
    metrics: str

    def rounds(self) -> list[list[str]]:
        """The lines of each table, without its title and headings."""
        tables = re.findall(
            r"^\d\d:\d\d:\d\d  (?:first look|round \d).*\n.*\nHOST .*\n((?:\w+ .*\n)+?)(?=ok:|\n|\w+: )", self.output, flags=re.M
        )
        return [table.splitlines() for table in tables]

    def states(self, name: str) -> list[dict[str, t.Any]]:
        """What tcp_watch returned for a host, look after look: it is on the screen with -v."""
        found = re.findall(rf"^ok: \[{name}\] => (\{{.*\"measure\".*\}})$", self.output, flags=re.M)
        return [json.loads(one) for one in found]

    def measures(self, name: str) -> list[dict[str, t.Any]]:
        return [state["measure"] for state in self.states(name)]

    def values(self, name: str, namespace: str = "") -> dict[str, float]:
        """Metric to value of one host or of one of its other network namespaces, by the reference parser."""
        families = text_string_to_metric_families(self.metrics)
        labels = {"host": name, "namespace": namespace}
        return {one.name: one.value for family in families for one in family.samples if {"namespace": "", **one.labels} == labels}


def watch(host: OwnHost, folder: Path, *arguments: str, call: str = "", real_clock: bool = False, **variables: object) -> Run:
    """Run the playbook; call: what support.faults does between the first look and the first round.

    By the real clock a machine that is slow or busy leaves out rounds; by the other one each round is in time.
    """
    textfile = folder / "linux_tcp.prom"
    environment = {} if real_clock else {**CLOCK, "TCP_WATCH_CLOCK": str(folder / "clock")}
    if call:
        (folder / "traffic.py").write_text(TRAFFIC.format(tests=str(TESTS), call=call))
        environment["TCP_WATCH_TRAFFIC"] = str(folder / "traffic.py")
    variables = {"tcp_watch_seconds": 4, "tcp_watch_interval": 2, "tcp_watch_textfile": str(folder), **variables}
    done = host.playbook("watch_tcp.yml", "-v", *arguments, cwd=folder, environment=environment, **variables)
    return Run(done.returncode, done.stdout + done.stderr, textfile.read_text() if textfile.exists() else "")


@contextlib.contextmanager
def idle_namespace(hostname: str) -> t.Iterator[None]:
    """Another network namespace, in which nothing happens, for as long as the block lasts."""
    script = f"hostname {hostname} && echo ready && exec cat"
    with subprocess.Popen(
        ["unshare", "--net", "--uts", "sh", "-c", script], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
        yield
        process.stdin.close()


def inventory(folder: Path, hosts: object = None) -> str:
    (folder / "inventory.json").write_text(json.dumps(hosts or FLEET))
    return str(folder / "inventory.json")


@pytest.fixture(scope="module")
def fleet(host: OwnHost, tmp_path_factory: pytest.TempPathFactory) -> Run:
    folder = tmp_path_factory.mktemp("fleet")
    settings = {"ip_local_port_range": f"40000 {40000 + PORTS - 1}", "tcp_max_tw_buckets": BUCKETS, "tcp_tw_reuse": 0}
    host.shell("; ".join(f"echo {value} > {IPV4}/{name}" for name, value in settings.items()))
    return watch(host, folder, "-i", inventory(folder), call=f"client_closes({CONNECTIONS})", tcp_watch_seconds=6)


def test_each_round_has_a_line_for_each_host(fleet: Run) -> None:
    names = [[line.split()[0] for line in table] for table in fleet.rounds()]
    assert names == [["broken1", "gone1", "web1", "web2"]] * 4, fleet.output


def test_rates_add_up_to_what_happened(fleet: Run) -> None:
    first, *later = fleet.measures("web1")
    assert (first["seconds"], first["rates"], first["time_wait"]) == (None, {}, 0)
    assert len(later) == 3
    totals: collections.Counter[str] = collections.Counter()
    for measured in later:
        for name, rate in measured["rates"].items():
            totals[name] += round(rate * measured["seconds"])
    assert totals["PassiveOpens"] == CONNECTIONS
    # The kernel may also count ssh's attempts to reach gone1, one a round.
    assert 0 <= totals["ActiveOpens"] - CONNECTIONS <= len(later)
    assert totals["TCPTimeWaitOverflow"] == CONNECTIONS - BUCKETS


def test_the_last_round_shows_what_is_there(fleet: Run) -> None:
    line = next(line for line in fleet.rounds()[-1] if line.startswith("web1"))
    assert line.split()[1] == str(BUCKETS)
    assert re.search(rf"now buckets +30\.0 %  192\.0\.2\.1:8080, {BUCKETS} ports$", line)


def test_the_end_has_a_line_for_each_host(fleet: Run) -> None:
    summary = fleet.output[fleet.output.index("The last figures") :]
    assert re.search(rf"^web1 +4/4 +{BUCKETS} \({BUCKETS}\) ", summary, flags=re.M)
    assert re.search(r"^gone1 +UNREACHABLE: Failed to connect to the host via ssh", summary, flags=re.M)


def test_hosts_that_cannot_be_watched_are_reported_and_end_with_4(fleet: Run) -> None:
    assert fleet.code == 4, fleet.output
    for table in fleet.rounds():
        assert table[0].startswith("broken1  FAILED: The module interpreter '/no/such/python' was not found")
        assert table[1].startswith("gone1    UNREACHABLE: Failed to connect")
    assert "gone1 could not be reached: not seen in 4 rounds. The last error: Failed to connect" in fleet.output
    assert "fatal: [web1]" not in fleet.output


def test_the_text_file_is_that_of_the_last_round(fleet: Run) -> None:
    values = fleet.values("web1")
    assert (values["linux_tcp_watch_up"], values["linux_tcp_time_wait_sockets"]) == (1, BUCKETS)
    assert (values["linux_tcp_ports_usable"], values["linux_tcp_ports_busiest_ratio"]) == (PORTS, BUCKETS / PORTS)
    assert values["linux_tcp_time_wait_exhaustion_seconds"] == 0
    assert values["linux_tcp_passive_opens_total"] == CONNECTIONS
    assert fleet.values("gone1") == {"linux_tcp_watch_up": 0}


def test_the_text_file_says_which_destination_uses_the_ports(fleet: Run) -> None:
    found = [one for family in text_string_to_metric_families(fleet.metrics) for one in family.samples if "destination" in one.labels]
    assert {(one.name, one.labels.get("state")): one.value for one in found if one.labels["host"] == "web1" and one.value} == {
        ("linux_tcp_destination_ports", None): BUCKETS,
        ("linux_tcp_destination_ports_usable", None): PORTS,
        ("linux_tcp_destination_sockets", "time_wait"): BUCKETS,
    }
    assert {one.labels["destination"] for one in found} == {"192.0.2.1"}
    assert {one.labels["destination_port"] for one in found} == {"8080"}
    assert {one.labels["host"] for one in found} == {"web1", "web2"}


def test_rejected_timestamps_are_seen_without_an_inventory_and_from_any_folder(host: OwnHost, tmp_path: Path) -> None:
    host.shell(f"echo 1000 > {IPV4}/tcp_max_tw_buckets")
    run = watch(host, tmp_path, call="syn_with_old_timestamp()")
    assert run.code == 0, run.output
    assert [[line.split()[0] for line in table] for table in run.rounds()] == [["localhost"]] * 3
    total = sum(measured["rates"].get(name, 0) * measured["seconds"] for measured in run.measures("localhost")[1:] for name in PAWS)
    assert total == pytest.approx(1)


def test_limit_and_another_strategy(host: OwnHost, tmp_path: Path) -> None:
    (tmp_path / "ansible.cfg").write_text("[defaults]\nstrategy = free\n")
    run = watch(host, tmp_path, "-i", inventory(tmp_path), "--limit", "web*", tcp_watch_seconds=2)
    assert run.code == 0, run.output
    assert [[line.split()[0] for line in table] for table in run.rounds()] == [["web1", "web2"]] * 2


def test_a_host_that_fails_alone_ends_with_2(host: OwnHost, tmp_path: Path) -> None:
    run = watch(host, tmp_path, "-i", inventory(tmp_path), "--limit", "broken1", tcp_watch_seconds=2)
    assert run.code == 2, run.output
    assert "not seen in 2 rounds. The last error: The module interpreter" in run.output


def test_check_mode_watches_and_writes_nothing(host: OwnHost, tmp_path: Path) -> None:
    run = watch(host, tmp_path, "--check", real_clock=True, tcp_watch_seconds=2)
    assert run.code == 0, run.output
    assert len(run.rounds()) in (1, 2)
    assert run.metrics == ""


def test_hosts_are_watched_whatever_their_names_are(host: OwnHost, tmp_path: Path) -> None:
    names = ["!odd", 'a&;<u>|`c`"', "we]b*\x1b"]
    run = watch(host, tmp_path, "-i", inventory(tmp_path, {"all": {"hosts": dict.fromkeys(names, LOCAL)}}), tcp_watch_seconds=2)
    assert run.code == 0, run.output
    assert [run.values(name)["linux_tcp_watch_up"] for name in names] == [1, 1, 1]


def test_a_container_near_its_last_port_has_its_line_and_its_metrics(host: OwnHost, tmp_path: Path) -> None:
    full, idle = f"cart-{os.getpid()}", f"idle-{os.getpid()}"
    with full_namespace(full), idle_namespace(idle):
        run = watch(host, tmp_path, "-i", inventory(tmp_path), "--limit", "web1", tcp_namespaces=f"*-{os.getpid()}")
    assert run.code == 0, run.output
    states = run.states("web1")
    assert [state["namespaces"]["seen"] for state in states] == [2, 2, 2]
    for state in states:
        name, measured = (state["namespaces"]["measures"][0][key] for key in ("name", "measure"))
        assert name.endswith(f" ({full})")
        assert measured["busiest"]["share"] == 1.0
    # It tries to connect all the time.
    assert measured["rates"]["ActiveOpens"] > 0
    assert re.search(
        rf"^web1 .*\n  {re.escape(name)} .* now ports +100\.0 %  127\.0\.0\.1:9000, 20 ports\n  and 1 other ", run.output, re.M
    )
    summary = run.output[run.output.index("The last figures") :]
    assert re.search(rf"^web1 .*\n  {re.escape(name)}  +3 ", summary, flags=re.M)
    values = run.values("web1", name)
    assert (values["linux_tcp_ports_busiest_ratio"], values["linux_tcp_ports_usable"]) == (1.0, 20)
    assert values["linux_tcp_ports_exhaustion_seconds"] == 0
    assert run.values("web1")["linux_tcp_watch_namespaces"] == 2
    assert run.values("web1").get("linux_tcp_ports_busiest_ratio", 0.0) < 1.0


def test_without_asking_the_first_look_says_how_many_namespaces_there_are(host: OwnHost, tmp_path: Path) -> None:
    run = watch(host, tmp_path, "-i", inventory(tmp_path), "--limit", "web1", tcp_watch_seconds=2)
    assert run.code == 0, run.output
    # That of this test is one of them.
    assert len(re.findall(r"^web1: .* not looked at.* To look at them: -e tcp_namespaces=all$", run.output, flags=re.M)) == 1
    assert "linux_tcp_watch_namespaces" not in run.metrics


@pytest.mark.parametrize(
    ("variables", "message"),
    [
        ({"tcp_watch_interval": 0}, "tcp_watch_interval is 0; it must be a number from 1 to 3600"),
        ({"tcp_watch_interval": "5s"}, "tcp_watch_interval is 5s; it must be"),
        ({"tcp_watch_seconds": 1, "tcp_watch_interval": 5}, "tcp_watch_seconds is 1; it must be a number from tcp_watch_interval to 86400"),
        ({"tcp_watch_seconds": "nan"}, "tcp_watch_seconds is nan; it must be a number"),
        ({"tcp_watch_seconds": 361, "tcp_watch_interval": 1}, "tcp_watch_seconds divided by tcp_watch_interval must be at most 360"),
        ({"tcp_watch_textfile_destinations": 101}, "textfile_destinations must be between 0 and 100, not 101"),
        ({"tcp_watch_textfile": "no/such/folder"}, "no/such/folder is not a folder"),
    ],
)
def test_bad_input_is_named(host: OwnHost, tmp_path: Path, variables: dict[str, t.Any], message: str) -> None:
    run = watch(host, tmp_path, **variables)
    assert run.code == 2, run.output
    assert message in run.output
