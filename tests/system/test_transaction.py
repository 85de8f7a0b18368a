# Copyright (c) 2026 The linux_tcp.hardening authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Transactions on a real kernel: in namespaces of their own, so that no setting of this machine is touched."""

from __future__ import annotations

import contextlib
import functools
import os
import resource
import shutil
import signal
import socket
import subprocess
import time
import typing as t

import pytest
from ansible_collections.linux_tcp.hardening.plugins.module_utils._profile import _listeners
from ansible_collections.linux_tcp.hardening.plugins.module_utils._sysctl._interfaces import spread_rank
from support.namespaces import kill, others, own_namespaces, until
from support.transactions import BOOT_FILE, DEFAULTS, LESS, SETTINGS, STATE_FOLDER, Host, failing, stable, status

HERE = Host("")
REUSE = "net.ipv4.tcp_tw_reuse"
TIMESTAMPS = "net.ipv4.tcp_timestamps"
# tcp_tw_recycle is gone from every kernel that can run this, and the other keys are what every kernel has.
TWENTY: dict[str, object] = {
    **SETTINGS,
    "net.ipv4.tcp_rfc1337": 1,
    "net.ipv4.tcp_fin_timeout": 30,
    "net.ipv4.tcp_syn_retries": 4,
    "net.ipv4.tcp_synack_retries": 4,
    "net.ipv4.tcp_keepalive_time": 600,
    "net.ipv4.tcp_keepalive_intvl": 20,
    "net.ipv4.tcp_keepalive_probes": 5,
    "net.ipv4.tcp_retries2": 10,
    "net.ipv4.tcp_orphan_retries": 3,
    "net.ipv4.tcp_slow_start_after_idle": 0,
    "net.ipv4.tcp_ecn": 1,
    "net.ipv4.tcp_rmem": "4096 131072 8388608",
    "net.core.somaxconn": {"at_least": 8192},
}


everything = HERE.everything


@own_namespaces
def test_apply_again_drift_apply_and_back() -> None:
    pristine = everything()
    rehearsed = HERE.call(check=True, settings=TWENTY)
    assert everything() == pristine

    first = HERE.call(settings=TWENTY)
    assert first == rehearsed
    assert {key: one for key, one in status(first).items() if one != "changed"} == {"net.ipv4.tcp_tw_recycle": "absent"}
    applied = everything()
    for key, value in SETTINGS.items():
        if isinstance(value, str):
            assert HERE.get(key).split() == value.split()

    assert not HERE.call(settings=TWENTY)["changed"]
    assert everything() == applied

    HERE.set(REUSE, "0")
    drifted = HERE.call(settings=TWENTY)
    assert [key for key, one in status(drifted).items() if one == "changed"] == [REUSE]
    # The record is not written anew either.
    assert {path: entry for path, entry in everything().items() if "linux_tcp" not in path} == {
        path: entry for path, entry in applied.items() if "linux_tcp" not in path
    }

    back = HERE.call(check=True, state="absent")
    assert HERE.call(state="absent") == back
    assert everything() == pristine
    assert not HERE.call(state="absent")["changed"]


@own_namespaces
def test_both_readers_apply_the_boot_file_as_it_is_meant() -> None:
    tools = {"/lib/systemd/systemd-sysctl": [BOOT_FILE], "/sbin/sysctl": ["-p", BOOT_FILE]}
    HERE.call()
    applied = {key: HERE.get(key) for key in DEFAULTS}
    HERE.call(state="absent", scope="runtime")
    pristine = {key: HERE.get(key) for key in DEFAULTS}
    assert applied != pristine
    for tool, arguments in tools.items():
        if os.access(tool, os.X_OK):
            subprocess.run([tool, *arguments], check=True, capture_output=True)
            assert {key: HERE.get(key) for key in DEFAULTS} == applied, tool
            HERE.call(scope="runtime")
            HERE.call(state="absent", scope="runtime")
            for key in ("net.ipv4.ip_local_port_range", *DEFAULTS):
                HERE.set(key, pristine[key])


# Keys that are not in the collection's table, with what they get; each namespace has them for itself.
FORWARDING = "net.ipv6.conf.{}.forwarding".format
UNKNOWN: dict[str, object] = {
    "net.ipv4.tcp_moderate_rcvbuf": 0,
    "net.ipv4.tcp_reordering": "0x10",
    "net.ipv4.ping_group_range": "0 7",
    "net.ipv4.conf.lo.rp_filter": 2,
    "net.ipv4.conf.v0/100.rp_filter": 2,
    "net.ipv4.udp_rmem_min": {"at_least": 8192},
    "net.core.optmem_max": {"at_most": 65536},
    "net.ipv6.conf.lo.hop_limit": 99,
    FORWARDING("lo"): 0,
    FORWARDING("all"): 1,
}


def with_interface() -> None:
    """An interface with a dot in its name, and one key of it that "all" will overwrite."""
    subprocess.run(["ip", "link", "add", "v0.100", "type", "veth", "peer", "name", "v1"], check=True)
    HERE.set(FORWARDING("v0/100"), "1")


@own_namespaces
def test_any_key_of_the_network_is_set_read_back_and_put_back() -> None:
    with_interface()
    settings = {**UNKNOWN, FORWARDING("v0/100"): 0}
    pristine = everything()
    before = {key: HERE.get(key) for key in settings}
    rehearsed = HERE.call(check=True, settings=settings)
    assert everything() == pristine
    result = HERE.call(settings=settings)
    assert not result.get("failed"), result["msg"]
    assert [one["status"] for one in result["settings"]] == [one["status"] for one in rehearsed["settings"]]
    after = {key: HERE.get(key) for key in settings}
    assert after == {
        **{key: str(value) for key, value in settings.items()},
        "net.ipv4.tcp_reordering": "16",
        "net.ipv4.ping_group_range": "0\t7",
        "net.ipv4.udp_rmem_min": "8192",
        "net.core.optmem_max": "65536",
    }
    assert all(line.startswith("-net.") for line in HERE.read(BOOT_FILE).splitlines() if line[:1] not in ("", "#"))
    assert not HERE.call(settings=settings)["changed"]
    assert HERE.call(state="absent")["changed"]
    assert {key: HERE.get(key) for key in settings} == before
    assert everything() == pristine


@own_namespaces
def test_a_key_of_an_interface_goes_back_too_where_a_later_write_fails() -> None:
    with_interface()
    pristine = everything()
    settings = {FORWARDING("all"): 1, "net.ipv4.tcp_reordering": "many", FORWARDING("v0/100"): 0}
    result = HERE.call(settings=settings)
    assert "net.ipv4.tcp_reordering: the kernel refused many: EINVAL" in result["msg"]
    assert everything() == pristine


@own_namespaces
def test_two_names_of_one_value_cannot_have_two_values() -> None:
    pristine = everything()
    result = HERE.call(settings={"net.ipv4.conf.all.forwarding": 1, "net.ipv4.ip_forward": 0})
    assert "net.ipv4.ip_forward: another write changed it from 0 to 1. All changes were undone." in result["msg"]
    assert status(result)["net.ipv4.ip_forward"] == "not_verified"
    assert everything() == pristine


@own_namespaces
def test_both_readers_apply_keys_that_the_collection_does_not_know() -> None:
    with_interface()
    pristine = {key: HERE.get(key) for key in UNKNOWN}
    HERE.call(settings=UNKNOWN)
    applied = {key: HERE.get(key) for key in UNKNOWN}
    for tool, arguments in {"/lib/systemd/systemd-sysctl": [BOOT_FILE], "/sbin/sysctl": ["-p", BOOT_FILE]}.items():
        for key in sorted(UNKNOWN, key=spread_rank):
            HERE.set(key, pristine[key])
        if os.access(tool, os.X_OK):
            subprocess.run([tool, *arguments], check=True, capture_output=True)
            assert {key: HERE.get(key) for key in UNKNOWN} == applied, tool


@own_namespaces
@pytest.mark.parametrize(
    ("key", "message"),
    [
        ("net.ipv4.tcp_moderate_recvbuf", "neither this host nor the collection knows this key (did you mean net.ipv4.tcp_moderate_rcvbuf"),
        ("net.ipv6.conf.loo.hop_limit", "did you mean net.ipv6.conf.lo.hop_limit"),
        ("net.ipv4.route.flush", "net.ipv4.route.flush can only be written: nobody could put it back"),
        ("net.ipv6.conf.lo.stable_secret", "'net.ipv6.conf.lo.stable_secret' holds a secret"),
        ("net.ipv6.conf.lo", "net.ipv6.conf.lo is a folder of sysctl keys, not a key"),
    ],
)
def test_a_key_of_the_network_that_cannot_be_set_says_why(key: str, message: str) -> None:
    pristine = everything()
    result = HERE.call(settings={TIMESTAMPS: 0, key: 1})
    assert result["failed"]
    assert message in result["msg"]
    assert everything() == pristine


@own_namespaces
@pytest.mark.parametrize("finish", ["absent", "rehearsal and run"])
@pytest.mark.parametrize("call", ["first apply", "other settings", "take back"])
def test_whatever_kills_it_the_next_call_clears_up(call: str, finish: str) -> None:
    calls: dict[str, dict[str, t.Any]] = {"first apply": {}, "other settings": {"settings": LESS}, "take back": {"state": "absent"}}
    options = calls[call]
    pristine = everything()

    def prepare() -> None:
        if call != "first apply":
            HERE.call()

    prepare()
    operations = len(HERE.steps(**options))
    after = HERE.settled()
    HERE.call(state="absent")
    for number in range(operations):
        prepare()
        assert HERE.killed(number, **options)
        if finish != "absent":
            rehearsed = HERE.call(check=True, **options)
            assert stable(HERE.call(**options)) == stable(rehearsed)
            assert HERE.settled() == after, f"operation {number}"
        HERE.call(state="absent")
        assert everything() == pristine, f"operation {number}"


@own_namespaces
def test_one_failing_operation_changes_nothing() -> None:
    pristine = everything()
    for number in range(len(HERE.steps())):
        HERE.call(state="absent")
        fail, failed = failing(number)
        if HERE.call(step=fail).get("failed"):
            shutil.rmtree(STATE_FOLDER, ignore_errors=not os.listdir(STATE_FOLDER) if os.path.isdir(STATE_FOLDER) else True)
            assert everything() == pristine, failed
        else:
            assert failed[0].split()[0] in ("read", "sync"), failed
    HERE.call(state="absent")
    assert everything() == pristine


@own_namespaces
def test_what_this_kernel_refuses_is_undone_and_reported() -> None:
    pristine = everything()
    result = HERE.call(settings={TIMESTAMPS: 0, "net.ipv4.tcp_reordering": "many", REUSE: 0})
    assert "net.ipv4.tcp_reordering: the kernel refused many: EINVAL" in result["msg"]
    assert status(result) == {TIMESTAMPS: "left_alone", "net.ipv4.tcp_reordering": "refused", REUSE: "left_alone"}
    assert everything() == pristine


@own_namespaces
@pytest.mark.parametrize("check", [False, True])
def test_keys_that_cannot_be_written_in_a_container_fail_by_name(check: bool) -> None:
    key = "net.netfilter.nf_conntrack_max"
    if not os.path.exists("/proc/sys/net/netfilter/nf_conntrack_max"):
        key = "net.ipv4.tcp_ehash_entries"
    pristine = everything()
    result = HERE.call(check=check, settings={TIMESTAMPS: 0, key: 77777})
    assert f"{key}: it cannot be written here: " in result["msg"]
    assert status(result) == {TIMESTAMPS: "left_alone", key: "read_only"}
    assert everything() == pristine


@own_namespaces
@pytest.mark.parametrize("check", [False, True])
def test_read_only_proc_sys(check: bool) -> None:
    subprocess.run(["mount", "--bind", "/proc/sys", "/proc/sys"], check=True)
    subprocess.run(["mount", "-o", "remount,bind,ro", "/proc/sys"], check=True)
    pristine = everything()
    result = HERE.call(check=check)
    assert result["failed"]
    assert "EROFS" in result["msg"]
    assert status(result)[REUSE] == "read_only"
    assert everything() == pristine
    # What is right already needs no write, and an image needs no kernel.
    assert not HERE.call(check=check, settings={REUSE: HERE.get(REUSE)}, scope="runtime").get("failed")
    image = HERE.call(check=check, scope="boot")
    assert image["changed"]
    assert image["boot_file"]["changed"]
    assert HERE.path(BOOT_FILE).exists() is not check
    assert not HERE.call(check=check, state="absent").get("failed")
    assert everything() == pristine


@own_namespaces
@pytest.mark.parametrize("folder", ["/var/lib", "/etc/sysctl.d"])
def test_a_full_disk_changes_nothing(folder: str) -> None:
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=8k,mode=755", "tmpfs", folder], check=True)
    subprocess.run(["dd", "if=/dev/zero", f"of={folder}/full", "bs=1k"], check=False, capture_output=True)
    pristine = everything()
    result = HERE.call()
    assert "ENOSPC" in result["msg"]
    if folder == "/var/lib" and os.path.isdir(STATE_FOLDER):
        os.rmdir(STATE_FOLDER)
    assert everything() == pristine
    os.unlink(f"{folder}/full")
    assert HERE.call()["changed"]


RESERVED = "net.ipv4.ip_local_reserved_ports"
NEW_RANGE: dict[str, object] = {"net.ipv4.ip_local_port_range": "16384 65535"}


def reserving(**options: t.Any) -> dict[str, t.Any]:
    result = HERE.call(**{"settings": NEW_RANGE, "reserve_listening_ports": True, **options})
    assert not result.get("failed"), result["msg"]
    return result


def grown_up() -> None:
    """This process counts as one that has run for long, and looks come at once."""
    _listeners.YOUNG_SECONDS = _listeners.PAUSE_SECONDS = 0.0


def udp(address: str, port: int, family: int = socket.AF_INET) -> socket.socket:
    bound = socket.socket(family, socket.SOCK_DGRAM)
    bound.bind((address, port))
    return bound


@own_namespaces
def test_a_listener_in_the_new_range_is_reserved_before_the_range_is_there() -> None:
    grown_up()
    with socket.create_server(("0.0.0.0", 18080)):
        seen: list[str] = []
        result = reserving(step=seen.append, scope="runtime")
    assert result["reserved_ports"] == [18080]
    writes = [what for what in seen if what.startswith("write ")]
    assert writes == ["write net.ipv4.ip_local_reserved_ports", "write net.ipv4.ip_local_port_range"]
    assert HERE.get(RESERVED) == "18080"


@own_namespaces
def test_the_list_follows_the_services_over_both_protocols_and_families() -> None:
    grown_up()
    pristine = everything()
    HERE.set(RESERVED, "9000")
    with contextlib.ExitStack() as services:
        open_one = services.enter_context
        open_one(socket.create_server(("::", 20000), family=socket.AF_INET6, dualstack_ipv6=True))
        for _worker in range(2):
            open_one(socket.create_server(("0.0.0.0", 20001), reuse_port=True))
        open_one(udp("0.0.0.0", 20002))
        open_one(udp("::", 20003, socket.AF_INET6))
        for family, loopback in ((socket.AF_INET, "127.0.0.1"), (socket.AF_INET6, "::1")):
            open_one(socket.create_server((loopback, 20004), family=family))
            open_one(udp(loopback, 20005, family))
        open_one(udp("127.0.0.1", 0)).connect(("127.0.0.1", 20005))
        assert reserving()["reserved_ports"] == [20000, 20001, 20002, 20003]
        assert HERE.get(RESERVED) == "9000,20000-20003"
        assert f"{RESERVED} = 9000,20000-20003" in HERE.read(BOOT_FILE)
        assert not reserving()["changed"]
        with socket.create_server(("0.0.0.0", 20010)):
            assert reserving()["reserved_ports"] == [20010]
        assert reserving()["changed"]
        assert HERE.get(RESERVED) == "9000,20000-20003"
    reserving()
    assert HERE.get(RESERVED) == "9000"
    HERE.call(state="absent")
    HERE.set(RESERVED, "")
    assert everything() == pristine


@own_namespaces
def test_listeners_that_come_and_go_change_nothing() -> None:
    """The process of this test is a young one, and no unit."""
    reserving()
    for _round in range(5):
        with socket.create_server(("0.0.0.0", 0)), udp("0.0.0.0", 0):
            assert not reserving()["changed"]
    assert HERE.get(RESERVED) == ""


@own_namespaces
def test_a_socket_that_another_one_follows_on_its_port_is_no_service() -> None:
    grown_up()
    reserving()
    now = [socket.create_server(("0.0.0.0", 20000))]

    def next_one(_seconds: float) -> None:
        now.pop().close()
        now.append(socket.create_server(("0.0.0.0", 20000)))

    _listeners.Sources = functools.partial(_listeners.Sources, sleep=next_one)  # type: ignore[misc, assignment]
    assert not reserving()["changed"]
    assert now[0].getsockname()[1] == 20000


@own_namespaces
@pytest.mark.parametrize("address", ["127.0.0.1", "0.0.0.0"])
def test_nobody_takes_outgoing_connections_away_by_listening(address: str) -> None:
    # Each is a file; a twentieth of the range is 2457.
    most = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
    grown_up()
    pristine = everything()
    with contextlib.ExitStack() as many:
        for port in range(20000, 22500):
            many.enter_context(socket.create_server((address, port), backlog=1))
        if address == "127.0.0.1":
            assert reserving()["reserved_ports"] == []
            assert HERE.get(RESERVED) == ""
        else:
            result = HERE.call(settings=NEW_RANGE, reserve_listening_ports=True)
            assert result["msg"].startswith(
                f"{RESERVED}: 2500 ports between 16384 and 65535 have a listener, more than a twentieth of the range (2457). "
            )
            assert f"(process {os.getpid()}, user id 0): 2500 ports (20000-22499)" in result["msg"]
            assert everything() == pristine


# The guard


LONG = 600
# A guard has a session of its own.
SESSION = os.getsid(0)


def guarded(seconds: int = LONG, **options: t.Any) -> tuple[dict[str, t.Any], int]:
    """A change that a guard watches, and the guard's process.

    With less than LONG the guard is stopped, so that nothing is undone before the test has looked, however long that takes: see resume().
    """
    result = HERE.call(confirm_seconds=seconds, step=stop_guard if seconds < LONG else lambda what: None, **options)
    assert not result.get("failed"), result["msg"]
    assert result["guard"]["seconds"] == seconds
    (guard,) = others()
    return result, guard


def stop_guard(_what: str) -> None:
    """A step: at the first one that has a guard beside it, the guard is stopped. The guard, which has inherited the step, stops nobody."""
    if os.getsid(0) == SESSION:
        for pid in others():
            if os.getsid(pid) != SESSION:
                os.kill(pid, signal.SIGSTOP)


def resume(guard: int) -> None:
    os.kill(guard, signal.SIGCONT)


@own_namespaces
@pytest.mark.parametrize("state", ["present", "absent"])
def test_a_change_that_nobody_confirms_is_undone(state: str) -> None:
    if state == "absent":
        HERE.call()
    before = HERE.settled()
    result, guard = guarded(seconds=1, state=state)
    token = result["guard"]["token"]
    assert HERE.settled() != before
    resume(guard)
    until(lambda: not others())
    assert HERE.settled() == before

    late = HERE.confirm(token)
    assert late["failed"]
    assert "too late" in late["msg"]
    assert REUSE in late["msg"]
    result = HERE.call(state="absent")
    assert "was not confirmed in time. It was undone" in result["recovered"]
    assert HERE.call(state="absent")["recovered"] is None
    assert not os.path.exists(STATE_FOLDER)


@own_namespaces
@pytest.mark.parametrize("state", ["present", "absent"])
def test_a_change_that_is_confirmed_stays(state: str) -> None:
    if state == "absent":
        HERE.call()
    before = HERE.settled()
    result, _guard = guarded(state=state)
    waiting = HERE.settled()
    assert {path for path in waiting if path.startswith("/")} == {path for path in before if path.startswith("/")}
    assert waiting != before
    confirmed = HERE.confirm(result["guard"]["token"])
    assert not confirmed.get("failed")
    assert (confirmed["changed"], confirmed["recovered"], confirmed["guard"]) == (True, None, None)
    # The guard sees that nothing is left to do.
    until(lambda: not others())
    assert HERE.settled() != waiting
    assert not HERE.call(state=state)["changed"]
    assert os.path.exists(STATE_FOLDER) is (state == "present")


@own_namespaces
def test_a_wrong_token_confirms_nothing() -> None:
    result, guard = guarded()
    after = HERE.settled()
    wrong = HERE.confirm("7f3c")
    assert wrong["failed"]
    assert "No change is waiting for the confirmation token '7f3c'" in wrong["msg"]
    # All is as if nobody had asked: the guard still waits, and the right token is still taken.
    assert (others(), HERE.settled()) == ([guard], after)
    assert not HERE.confirm(result["guard"]["token"]).get("failed")


@own_namespaces
@pytest.mark.parametrize("next_call", ["absent", "present", "confirm"])
def test_a_guard_that_is_killed_is_stood_in_for_by_the_next_call(next_call: str) -> None:
    before = HERE.settled()
    result, guard = guarded(seconds=1)
    kill(guard)
    deadline = time.monotonic() + result["guard"]["seconds"]
    until(lambda: time.monotonic() > deadline)
    assert HERE.settled() != before
    if next_call == "confirm":
        late = HERE.confirm(result["guard"]["token"])
        assert "too late. An earlier change of profile client_host was not confirmed in time. It was undone" in late["msg"]
    else:
        result = HERE.call(state=next_call, settings={TIMESTAMPS: 1}, scope="runtime", boot_file="/etc/sysctl.d/other.conf")
        assert "was not confirmed in time" in result["recovered"]
    assert HERE.settled() == before


@own_namespaces
def test_a_new_call_does_not_wait_for_an_old_guard() -> None:
    before = HERE.settled()
    guarded()
    result = HERE.call(state="absent")
    assert "was still waiting for its confirmation" in result["recovered"]
    assert HERE.settled() == before
    until(lambda: not others())


@own_namespaces
def test_a_run_that_dies_half_way_is_undone_by_its_guard() -> None:
    before = HERE.settled()
    writes = max(number for number, what in enumerate(HERE.steps(confirm_seconds=LONG)) if what.startswith("write net."))
    HERE.call(state="absent")
    until(lambda: not others())
    assert HERE.killed(writes, step=stop_guard, confirm_seconds=1)
    assert HERE.get(REUSE) == "1"
    for guard in others():
        resume(guard)
    until(lambda: not others())
    assert HERE.settled() == before


@own_namespaces
def test_a_guard_that_is_ended_undoes_at_once() -> None:
    before = HERE.settled()
    _result, guard = guarded()
    os.kill(guard, signal.SIGTERM)
    until(lambda: not others())
    assert HERE.settled() == before
    assert "was not confirmed before its guard was ended. It was undone: " in HERE.call(state="absent")["recovered"]


@own_namespaces
def test_nothing_to_do_arms_nothing() -> None:
    HERE.call()
    assert HERE.call(confirm_seconds=600)["guard"] is None
    assert HERE.call(check=True, settings=LESS, confirm_seconds=600)["guard"] is None
    assert others() == []


@own_namespaces
def test_a_failed_change_leaves_no_guard() -> None:
    before = HERE.settled()
    result = HERE.call(settings={TIMESTAMPS: 0, "net.ipv4.tcp_reordering": "many"}, confirm_seconds=600)
    assert result["guard"] is None
    assert HERE.settled() == before
    until(lambda: not others())


def open_files(pid: int) -> set[str]:
    """Those that stay open while this looks at them."""
    found = set()
    for name in os.listdir(f"/proc/{pid}/fd"):
        with contextlib.suppress(FileNotFoundError):
            found.add(os.readlink(f"/proc/{pid}/fd/{name}"))
    return found


@own_namespaces
def test_the_guard_holds_nothing_of_the_run() -> None:
    result, guard = guarded()
    # The change may be done before the guard has let go of everything.
    until(lambda: open_files(guard) == {"/dev/null"})
    assert os.readlink(f"/proc/{guard}/cwd") == "/"
    assert os.getsid(guard) != os.getsid(0)
    assert not HERE.confirm(result["guard"]["token"]).get("failed")
