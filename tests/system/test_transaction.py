# Copyright (c) 2026 The linux_tcp.hardening authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Transactions on a real kernel: in namespaces of their own, so that no setting of this machine is touched."""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import socket
import subprocess
import time
import typing as t

import pytest
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
    result = HERE.call(settings={TIMESTAMPS: 0, "net.ipv4.tcp_congestion_control": "nosuch", REUSE: 0})
    assert "net.ipv4.tcp_congestion_control: the kernel refused nosuch: ENOENT" in result["msg"]
    assert status(result) == {TIMESTAMPS: "left_alone", "net.ipv4.tcp_congestion_control": "refused", REUSE: "left_alone"}
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


@own_namespaces
def test_a_listener_in_the_new_range_is_reserved_before_the_range_is_there() -> None:
    with socket.create_server(("127.0.0.1", 18080)):
        seen: list[str] = []
        result = HERE.call(
            step=seen.append, settings={"net.ipv4.ip_local_port_range": "16384 65535"}, reserve_listening_ports=True, scope="runtime"
        )
    assert result["reserved_ports"] == [18080]
    writes = [what for what in seen if what.startswith("write ")]
    assert writes == ["write net.ipv4.ip_local_reserved_ports", "write net.ipv4.ip_local_port_range"]
    assert HERE.get("net.ipv4.ip_local_reserved_ports") == "18080"


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
    result = HERE.call(settings={TIMESTAMPS: 0, "net.ipv4.tcp_congestion_control": "nosuch"}, confirm_seconds=600)
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
