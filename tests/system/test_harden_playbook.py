# Copyright (c) 2026 The linux_tcp.hardening authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""harden-tcp.yml and rollback_tcp.yml as people run them, on a host made of namespaces."""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping
from pathlib import Path

import pytest
from support.own_host import OwnHost, own_host

BOOT_FILE = "/etc/sysctl.d/99-tcp-hardening.conf"
IPV4 = "/proc/sys/net/ipv4"
PLAYBOOKS = Path(__file__).resolve().parents[2] / "playbooks"
LOCAL = {"ansible_connection": "local", "ansible_python_interpreter": sys.executable}
CONNECTIONS = {"ANSIBLE_CONNECTION_PLUGINS": str(Path(__file__).resolve().parents[1] / "support" / "connection_plugins")}
# Another user, who may read what root may, but write nothing of root's: so the Python and the checkout of the test serve here.
NOT_ROOT = ["--reuid=65534", "--regid=65534", "--clear-groups", "--inh-caps=+dac_read_search", "--ambient-caps=+dac_read_search"]


host = pytest.fixture(own_host)


def inventory(folder: Path, **groups: list[str]) -> str:
    """An inventory of local hosts by group."""
    children = {group: {"hosts": dict.fromkeys(hosts, LOCAL)} for group, hosts in groups.items()}
    path = folder / "inventory.json"
    path.write_text(json.dumps({"all": {"children": children}}))
    return str(path)


def recap(output: str) -> str:
    return output[output.index("PLAY RECAP") :]


EXPECTED = {
    "client_host": {"tcp_timestamps": "1", "tcp_tw_reuse": "1", "ip_local_port_range": "16384\t65535", "tcp_rfc1337": "0"},
    "fullnat_lb": {"tcp_timestamps": "0", "tcp_tw_reuse": "0", "ip_local_port_range": "16384\t65535", "tcp_rfc1337": "0"},
    "backend": {"tcp_timestamps": "1", "tcp_tw_reuse": "2", "ip_local_port_range": "32768\t60999", "tcp_rfc1337": "0"},
}


@pytest.mark.parametrize("profile", EXPECTED)
def test_apply_again_drift_and_roll_back(host: OwnHost, profile: str) -> None:
    host.shell(f"echo 1 > {IPV4}/tcp_rfc1337; echo 3 > {IPV4}/tcp_timestamps; echo 4096 > {IPV4}/tcp_max_tw_buckets")
    before = host.state()

    planned = host.playbook("harden-tcp.yml", "--check", "--diff", tcp_profile=profile)
    assert planned.returncode == 0, planned.stdout
    assert host.state() == before
    assert "1 would change" in planned.stdout

    first = host.playbook("harden-tcp.yml", tcp_profile=profile)
    assert first.returncode == 0, first.stdout
    expected = {**EXPECTED[profile], "tcp_rfc1337": "1" if profile == "client_host" else "0"}
    assert {key: host.read(f"{IPV4}/{key}") for key in expected} == expected
    assert "net.ipv4.tcp_timestamps = " in host.read(BOOT_FILE)
    hardened = host.state()

    again = host.playbook("harden-tcp.yml", tcp_profile=profile)
    assert "changed=0" in recap(again.stdout)
    assert "1 needed no change" in again.stdout
    assert host.state() == hardened

    host.shell(f"echo 0 > {IPV4}/tcp_timestamps; echo 1 > {IPV4}/tcp_timestamps; echo 3 > {IPV4}/tcp_timestamps")
    drifted = host.playbook("harden-tcp.yml", tcp_profile=profile)
    assert "net.ipv4.tcp_timestamps: 3 -> " in drifted.stdout
    assert {**host.state(), BOOT_FILE: None} == {**hardened, BOOT_FILE: None}

    back = host.playbook("rollback_tcp.yml")
    assert back.returncode == 0, back.stdout
    assert host.state() == before
    assert "changed=0" in recap(host.playbook("rollback_tcp.yml").stdout)


@pytest.mark.parametrize("profile", EXPECTED)
def test_the_audit_after_the_role_is_clean(host: OwnHost, profile: str) -> None:
    done = host.playbook("harden-tcp.yml", tcp_profile=profile)
    row = next(line.split() for line in done.stdout.splitlines() if line.startswith(f"localhost  {profile}"))
    assert row[-1] == "clean"


def test_the_plan_of_check_mode_is_what_the_real_run_does(host: OwnHost) -> None:
    planned = host.playbook("harden-tcp.yml", "--check", "--diff", tcp_profile="client_host").stdout
    done = host.playbook("harden-tcp.yml", "--diff", tcp_profile="client_host").stdout

    def diff(output: str) -> list[str]:
        return [line for line in output.splitlines() if line[:1] in "+-" and line[:4] not in ("+++ ", "--- ")]

    assert diff(planned) == diff(done) != []


def test_it_works_from_the_folder_of_playbooks(host: OwnHost) -> None:
    assert host.playbook("harden-tcp.yml", cwd=PLAYBOOKS, tcp_profile="backend").returncode == 0


@pytest.mark.parametrize(
    ("groups", "message"),
    [
        ({"client_hosts": ["one"], "backends": ["one", "two"]}, "one has client_host and backend"),
        ({"others": ["three"], "backends": ["two"]}, "three has none"),
    ],
)
def test_both_profiles_or_none_is_an_error_that_names_the_hosts(
    host: OwnHost, tmp_path: Path, groups: dict[str, list[str]], message: str
) -> None:
    before = host.state()
    done = host.playbook("harden-tcp.yml", "-i", inventory(tmp_path, **groups))
    assert done.returncode == 2
    assert message in done.stdout + done.stderr
    assert "two has" not in done.stdout + done.stderr
    assert host.state() == before


def test_without_inventory_and_profile_this_machine_is_left_alone(host: OwnHost) -> None:
    before = host.state()
    done = host.playbook("harden-tcp.yml")
    assert done.returncode == 2
    assert "localhost has none" in done.stdout + done.stderr
    assert host.state() == before


def test_audit_only_changes_nothing_and_judges(host: OwnHost) -> None:
    host.shell(f"echo 0 > {IPV4}/tcp_timestamps; echo 1 > {IPV4}/tcp_tw_reuse")
    before = host.state()
    done = host.playbook("harden-tcp.yml", tcp_profile="client_host", tcp_audit_only=True)
    assert done.returncode == 2
    assert "reuse-without-timestamps" in done.stdout
    assert host.state() == before


def test_single_keys_can_be_overridden_added_and_taken_out(host: OwnHost) -> None:
    settings = {"net.ipv4.ip_local_port_range": "20000 65535", "net.ipv4.tcp_keepalive_time": 600, "net.ipv4.tcp_max_tw_buckets": None}
    done = host.playbook("harden-tcp.yml", tcp_profile="client_host", client_host_settings=settings)
    assert done.returncode == 0, done.stdout
    assert host.read(f"{IPV4}/ip_local_port_range") == "20000\t65535"
    assert host.read(f"{IPV4}/tcp_keepalive_time") == "600"
    assert "tcp_max_tw_buckets" not in host.read(BOOT_FILE)


def test_a_balancer_may_keep_timestamps(host: OwnHost) -> None:
    done = host.playbook("harden-tcp.yml", tcp_profile="fullnat_lb", fullnat_lb_timestamps=True)
    assert host.read(f"{IPV4}/tcp_timestamps") == host.read(f"{IPV4}/tcp_tw_reuse") == "1"
    assert "timestamps-on-at-l7" in done.stdout


def test_a_refused_value_changes_nothing_and_is_named(host: OwnHost) -> None:
    before = host.state()
    done = host.playbook("harden-tcp.yml", tcp_profile="client_host", client_host_settings={"net.ipv4.tcp_tw_reuse": 3})
    assert done.returncode == 2
    assert "net.ipv4.tcp_tw_reuse" in done.stdout
    assert "1 FAILED (settings as before)" in done.stdout
    assert host.state() == before


@pytest.mark.parametrize("check", [[], ["--check"]], ids=["run", "check"])
def test_without_root_it_says_so_once(host: OwnHost, tmp_path: Path, check: list[str]) -> None:
    tmp_path.chmod(0o777)
    before = host.state()
    command = [sys.executable, "-m", "ansible", "playbook", str(PLAYBOOKS / "harden-tcp.yml"), "-e", "tcp_profile=client_host", *check]
    settings = {"HOME": str(tmp_path), "ANSIBLE_LOCAL_TEMP": f"{tmp_path}/local", "ANSIBLE_REMOTE_TEMP": f"{tmp_path}/remote"}
    done = host.run(
        "setpriv", *NOT_ROOT, *command, ANSIBLE_NOCOLOR="1", ANSIBLE_COLLECTIONS_PATH=str(PLAYBOOKS / "collections"), **settings
    )
    assert done.returncode == 2, done.stdout + done.stderr
    table = " ".join(done.stdout[done.stdout.index("TCP hardening:") :].split())
    assert "failed: needs root on the target: run with --become. The error: /proc/sys/net/ipv4/" in table
    assert table.count("EACCES") == 1
    assert host.state() == before


@pytest.mark.parametrize("playbook", ["harden-tcp.yml", "rollback_tcp.yml"])
def test_an_inventory_without_hosts_leaves_this_machine_alone(host: OwnHost, tmp_path: Path, playbook: str) -> None:
    before = host.state()
    done = host.playbook(playbook, "-i", str(tmp_path / "missing.yml"), tcp_profile="client_host")
    assert done.returncode != 0
    assert "has no hosts. Nothing was done." in done.stdout + done.stderr
    assert host.state() == before


@pytest.mark.parametrize("strategy", ["free", "host_pinned"])
def test_hosts_stay_in_step_whatever_strategy_is_configured(host: OwnHost, tmp_path: Path, strategy: str) -> None:
    hosts = inventory(tmp_path, backends=["one", "two"])
    for playbook, headline in (("harden-tcp.yml", "TCP hardening: 2 hosts: "), ("rollback_tcp.yml", "TCP rollback: 2 hosts: ")):
        done = host.playbook(playbook, "-i", hosts, environment={"ANSIBLE_STRATEGY": strategy, "ANSIBLE_FORKS": "1"})
        assert done.returncode == 0, done.stdout
        assert done.stdout.count(headline) == 1


def lost_hosts(folder: Path, **hosts: Mapping[str, object]) -> str:
    """An inventory of backends whose connection is lost at a run of tcp_profile. hosts: their variables."""
    lost = {"ansible_connection": "lost", "ansible_python_interpreter": sys.executable}
    # The hosts are one host here, so each has a boot file of its own.
    files = {name: {"backend_boot_file": f"/etc/sysctl.d/9-{name}.conf"} for name in hosts}
    path = folder / "lost.json"
    path.write_text(json.dumps({"backends": {"hosts": {name: {**lost, **files[name], **hosts[name]} for name in hosts}}}))
    return str(path)


def test_hosts_that_are_lost_in_the_middle_are_in_the_table_with_what_holds_there(host: OwnHost, tmp_path: Path) -> None:
    plain, armed, confirmed = {"backend_confirm_seconds": 0}, {"backend_confirm_seconds": 3}, {"lost_at": 2}
    hosts = lost_hosts(tmp_path, good=LOCAL, plain=plain, armed=armed, confirmed=confirmed)
    done = host.playbook("harden-tcp.yml", "-i", hosts, environment={**CONNECTIONS, "ANSIBLE_FORKS": "1"})
    assert done.returncode == 4, done.stdout
    assert "TCP hardening: 4 hosts: " in done.stdout
    assert "3 UNREACHABLE" in done.stdout
    table = " ".join(done.stdout[done.stdout.index("TCP hardening:") :].split())
    assert "plain (backend) --------------- unreachable: The host did not answer. Its state is unknown; the next run settles it." in table
    assert "Its state is unknown: if the change had begun, the host undoes it by itself after 3 s. The next run settles it." in table
    assert "unreachable: The host does not answer over a new connection. " in table
    assert max(len(line) for line in done.stdout.splitlines() if line.startswith("fatal:")) < 500


def test_hosts_that_are_all_unreachable_are_in_the_table(host: OwnHost, tmp_path: Path) -> None:
    gone = {"ansible_connection": "ssh", "ansible_host": "127.0.0.1", "ansible_port": 1}
    hosts = lost_hosts(tmp_path, gone1=gone, gone2=gone)
    for playbook, headline in (
        ("harden-tcp.yml", "TCP hardening: 2 hosts: 2 UNREACHABLE"),
        ("rollback_tcp.yml", "TCP rollback: 2 hosts: 2 UN"),
    ):
        done = host.playbook(playbook, "-i", hosts)
        assert done.returncode == 4, done.stdout
        assert headline in done.stdout
        assert max(len(line) for line in done.stdout.splitlines() if line.startswith("fatal:")) < 500


def test_a_rollback_ends_with_a_table(host: OwnHost) -> None:
    host.playbook("harden-tcp.yml", tcp_profile="client_host")
    host.shell(f"echo 0 > {IPV4}/tcp_tw_reuse; echo '# mine' >> {BOOT_FILE}")
    done = host.playbook("rollback_tcp.yml")
    assert done.returncode == 0, done.stdout
    table = " ".join(done.stdout[done.stdout.index("TCP rollback:") :].split())
    assert "TCP rollback: 1 host: 1 undone" in table
    assert "net.ipv4.ip_local_port_range: 16384 65535 -> 32768 60999" in table
    assert f"{BOOT_FILE}: undone" in table
    assert "left alone: net.ipv4.tcp_tw_reuse: " in table
    (kept,) = host.shell("ls /etc/sysctl.d").split()
    assert f"/etc/sysctl.d/{kept}: the edited boot file is kept here." in table
    assert "TCP rollback: 1 host: 1 had nothing to undo" in host.playbook("rollback_tcp.yml").stdout


def test_a_yaml_boolean_is_refused(host: OwnHost) -> None:
    done = host.playbook("harden-tcp.yml", tcp_profile="client_host", client_host_settings={"net.ipv4.tcp_sack": True})
    assert done.returncode == 2
    assert "net.ipv4.tcp_sack" in done.stdout


def test_listeners_inside_the_new_range_are_reserved(host: OwnHost) -> None:
    server = "import socket, time; s = socket.create_server(('127.0.0.1', 20100)); open('/run/listening', 'w'); time.sleep(60)"
    host.shell(
        f'{sys.executable} -c "{server}" > /dev/null 2>&1 & echo $! > /run/server; while [ ! -e /run/listening ]; do sleep 0.05; done'
    )
    done = host.playbook("harden-tcp.yml", tcp_profile="client_host")
    host.shell("kill $(cat /run/server)")
    assert host.read(f"{IPV4}/ip_local_reserved_ports") == "20100", done.stdout


def test_serial_and_limit(host: OwnHost, tmp_path: Path) -> None:
    hosts = inventory(tmp_path, backends=["one", "two", "three"])
    done = host.playbook("harden-tcp.yml", "-i", hosts, "--limit", "one,two", tcp_serial=1)
    assert done.returncode == 0, done.stdout
    assert "three" not in recap(done.stdout)
    assert done.stdout.count("TCP hardening: ") == 2


def test_an_image_build_gets_the_boot_file_alone(host: OwnHost) -> None:
    host.shell("mount --bind -o ro /proc/sys /proc/sys && mount -o remount,bind,ro /proc/sys")
    before = {path: value for path, value in host.state().items() if path.startswith("/proc")}
    failed = host.playbook("harden-tcp.yml", tcp_profile="client_host")
    assert failed.returncode == 2
    assert "read-only" in failed.stdout.lower() or "EROFS" in failed.stdout
    assert host.run("test", "-e", BOOT_FILE).returncode == 1
    done = host.playbook("harden-tcp.yml", tcp_profile="client_host", client_host_scope="boot")
    assert done.returncode == 0, done.stdout
    assert "net.ipv4.tcp_tw_reuse = 1" in host.read(BOOT_FILE)
    assert {path: value for path, value in host.state().items() if path.startswith("/proc")} == before


def test_a_provisioning_play_includes_the_role(host: OwnHost, tmp_path: Path) -> None:
    role = {"name": "linux_tcp.hardening.backend"}
    tasks = [{"ansible.builtin.include_role": role, "vars": {"backend_settings": {"net.ipv4.tcp_keepalive_time": 900}}}]
    (tmp_path / "provision.yml").write_text(json.dumps([{"hosts": "localhost", "gather_facts": False, "tasks": tasks}]))
    done = host.playbook(str(tmp_path / "provision.yml"))
    assert done.returncode == 0, done.stdout
    assert host.read(f"{IPV4}/tcp_keepalive_time") == "900"


def test_a_later_file_that_would_win_is_named(host: OwnHost) -> None:
    host.shell("echo 'net.ipv4.tcp_tw_reuse = 0' > /etc/sysctl.d/zz-old.conf")
    done = host.playbook("harden-tcp.yml", tcp_profile="client_host")
    assert done.returncode == 0, done.stdout
    assert "/etc/sysctl.d/zz-old.conf:1 sets net.ipv4.tcp_tw_reuse = 0: overrides the profile at boot" in done.stdout
    before = host.state()
    failed = host.playbook("harden-tcp.yml", tcp_profile="client_host", client_host_on_conflict="fail")
    assert failed.returncode == 2
    assert host.state() == before
    dealt = host.playbook("harden-tcp.yml", tcp_profile="client_host", client_host_on_conflict="comment_out")
    assert dealt.returncode == 0, dealt.stdout
    assert host.read("/etc/sysctl.d/zz-old.conf").startswith("#")
    host.playbook("rollback_tcp.yml")
    assert host.read("/etc/sysctl.d/zz-old.conf") == "net.ipv4.tcp_tw_reuse = 0"
