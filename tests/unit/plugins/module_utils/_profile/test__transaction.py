# Copyright (c) 2026 The linux_tcp.hardening authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a transaction makes of settings, of what it finds, and of what people do between two runs."""

from __future__ import annotations

import fcntl
import json
import os
import socket
import threading
import typing as t
from pathlib import Path

import pytest
from ansible_collections.linux_tcp.hardening.plugins.module_utils._profile import _journal, _machine
from ansible_collections.linux_tcp.hardening.plugins.module_utils._sysctl._keys import path_of
from support.transactions import BOOT_FILE, DEFAULTS, MAIN_FILE, SETTINGS, STATE_FOLDER, Host, status

TIMESTAMPS = "net.ipv4.tcp_timestamps"
REUSE = "net.ipv4.tcp_tw_reuse"
BUCKETS = "net.ipv4.tcp_max_tw_buckets"
RANGE = "net.ipv4.ip_local_port_range"
RESERVED = "net.ipv4.ip_local_reserved_ports"
UNPRIVILEGED = "net.ipv4.ip_unprivileged_port_start"
RECYCLE = "net.ipv4.tcp_tw_recycle"
JOURNAL = f"{STATE_FOLDER}/etc_sysctl.d_99-tcp-hardening.conf.json"


@pytest.fixture
def host(tmp_path: Path) -> Host:
    return Host.made(tmp_path / "host")


def only(result: dict[str, t.Any], key: str) -> dict[str, t.Any]:
    assert not result.get("failed"), result["msg"]
    return next(one for one in result["settings"] if one["key"] == key)


def lines(host: Host) -> list[str]:
    return [line for line in host.read(BOOT_FILE).splitlines() if line and not line.startswith("#")]


# Apply, drift, take back


def test_apply_drift_apply_and_back(host: Host) -> None:
    pristine = host.state()

    first = host.call()
    assert first["changed"]
    assert status(first) == {**dict.fromkeys(SETTINGS, "changed"), RECYCLE: "absent"}
    assert only(first, RANGE)["before"] == "32768\t60999"
    assert only(first, RANGE)["after"] == host.get(RANGE) == "800\t65000"
    applied = host.settled()

    host.set(REUSE, "0")
    drifted = host.call()
    assert {key for key, one in status(drifted).items() if one == "changed"} == {REUSE}
    assert drifted["boot_file"] == {"path": BOOT_FILE, "changed": False}
    assert host.settled() == applied

    back = host.call(state="absent", settings=None)
    assert back["changed"]
    assert host.state() == pristine
    again = host.call(state="absent")
    assert (again["changed"], again["settings"], again["diff"]) == (False, [], [])
    assert host.state() == pristine


def test_the_order_of_the_list_is_that_of_the_settings(host: Host) -> None:
    assert [one["key"] for one in host.call()["settings"]] == list(SETTINGS)


def test_a_key_that_is_already_right_makes_no_change_and_no_file_with_scope_runtime(host: Host) -> None:
    before = host.state()
    result = host.call(settings={TIMESTAMPS: 1}, scope="runtime")
    assert (result["changed"], only(result, TIMESTAMPS)["status"]) == (False, "ok")
    assert host.state() == before


def test_the_boot_file_says_whose_it_is(host: Host) -> None:
    host.call(settings={TIMESTAMPS: 0}, claims=["D1", "D7"])
    text = host.read(BOOT_FILE)
    assert text.startswith("# Managed by linux_tcp.hardening for the profile client_host, checksum ")
    assert "D1, D7" in text
    assert lines(host) == [TIMESTAMPS + " = 0"]
    assert host.path(BOOT_FILE).stat().st_mode & 0o7777 == 0o644


def test_a_key_taken_out_goes_back_in_the_same_run(host: Host) -> None:
    host.call(settings={TIMESTAMPS: 0, REUSE: 1})
    result = host.call(settings={REUSE: 1}, name="other")
    assert only(result, TIMESTAMPS)["status"] == "changed"
    assert host.get(TIMESTAMPS) == "1"
    assert lines(host) == [REUSE + " = 1"]
    host.call(settings={REUSE: 1, TIMESTAMPS: 0})
    result = host.call(settings={REUSE: 1, TIMESTAMPS: None})
    assert only(result, TIMESTAMPS)["status"] == "changed"
    assert host.get(TIMESTAMPS) == "1"


def test_null_leaves_a_key_alone(host: Host) -> None:
    result = host.call(settings={REUSE: None, TIMESTAMPS: 0})
    assert only(result, REUSE)["status"] == "left_alone"
    assert host.get(REUSE) == "2"


def test_nothing_but_nulls_takes_the_boot_file_away(host: Host) -> None:
    pristine = host.state()
    host.call(settings={TIMESTAMPS: 0})
    host.call(settings={TIMESTAMPS: None})
    assert host.state() == pristine


def test_what_somebody_changed_since_is_left(host: Host) -> None:
    host.call(settings={TIMESTAMPS: 0, REUSE: 1})
    host.set(REUSE, "0")
    result = host.call(state="absent")
    assert status(result) == {TIMESTAMPS: "changed", REUSE: "left_alone"}
    assert "somebody has set it to 0" in only(result, REUSE)["reason"]
    assert (host.get(TIMESTAMPS), host.get(REUSE)) == ("1", "0")
    assert not host.call(state="absent")["changed"]


def test_a_reboot_with_the_boot_file_does_not_lose_the_originals(host: Host) -> None:
    host.call(settings={REUSE: 1})
    host.write("/proc/sys/kernel/random/boot_id", "second-boot\n")
    host.call(state="absent")
    assert host.get(REUSE) == "2"


def test_scopes_are_taken_back_one_by_one(host: Host) -> None:
    pristine = host.state()
    host.call(settings={REUSE: 1})
    host.call(state="absent", scope="runtime")
    assert (host.get(REUSE), lines(host)) == ("2", [REUSE + " = 1"])
    host.call(state="absent", scope="boot")
    assert host.state() == pristine


# Bounds


@pytest.mark.parametrize(
    ("setting", "live", "wanted"),
    [
        ({"at_least": 200000}, "131072", "200000"),
        ({"at_least": 200000}, "262144", "262144"),
        ({"at_most": 200000}, "131072", "131072"),
        ({"at_most": 1000}, "131072", "1000"),
        ({"at_least": "200000", "bytes_each": 256}, "131072", "200000"),
        # 1/64 of 8000000 kB are 128000000 bytes.
        ({"at_least": 200000, "bytes_each": 1000}, "1000", "128000"),
        ({"at_least": 200000, "bytes_each": 1000}, "131072", "131072"),
    ],
)
def test_bounds(host: Host, setting: object, live: str, wanted: str) -> None:
    host.set(BUCKETS, live)
    assert only(host.call(settings={BUCKETS: setting}), BUCKETS)["wanted"] == wanted
    assert host.get(BUCKETS) == wanted
    assert lines(host) == [f"{BUCKETS} = {wanted}"]


def test_a_bound_keeps_what_an_admin_raises_later_and_does_not_take_it_back(host: Host) -> None:
    host.call(settings={BUCKETS: {"at_least": 200000}})
    host.set(BUCKETS, "300000")
    assert host.call(settings={BUCKETS: {"at_least": 200000}})["changed"]
    assert lines(host) == [BUCKETS + " = 300000"]
    assert status(host.call(state="absent")) == {BUCKETS: "left_alone"}
    assert host.get(BUCKETS) == "300000"


# Ports


@pytest.mark.parametrize(
    ("live", "settings", "order"),
    [
        ({}, {RANGE: "800 65000", UNPRIVILEGED: 700}, [UNPRIVILEGED, RANGE]),
        ({RANGE: "800\t65000", UNPRIVILEGED: "700"}, {UNPRIVILEGED: 2000, RANGE: "3000 4000"}, [RANGE, UNPRIVILEGED]),
        ({}, {RANGE: "20000 65000", RESERVED: "21000"}, [RESERVED, RANGE]),
        ({RESERVED: "21000"}, {RESERVED: "", RANGE: "40000 50000"}, [RANGE, RESERVED]),
    ],
)
def test_writes_come_in_an_order_that_the_kernel_takes(
    host: Host, live: dict[str, str], settings: dict[str, object], order: list[str]
) -> None:
    for key, raw in live.items():
        host.set(key, raw)
    steps = host.steps(settings=settings)
    assert [what[6:] for what in steps if what.startswith("write ")] == order


def test_listeners_in_the_range_are_reserved_beside_what_is_there(host: Host) -> None:
    host.set(RESERVED, "9000")
    with socket.create_server(("127.0.0.1", 0)) as one, socket.create_server(("::1", 0), family=socket.AF_INET6) as six:
        ports = sorted({one.getsockname()[1], six.getsockname()[1]})
        settings: dict[str, object] = {RANGE: f"{ports[0]} {ports[-1] + 1}"}
        result = host.call(settings=settings, reserve_listening_ports=True)
        assert set(ports) <= set(result["reserved_ports"])
        assert only(result, RESERVED)["status"] == "changed"
        reserved = host.get(RESERVED).split(",")
        assert reserved[0] == "9000"
        again = host.call(settings=settings, reserve_listening_ports=True)
        assert (again["changed"], again["reserved_ports"]) == (False, [])
    host.call(state="absent")
    assert host.get(RESERVED) == "9000"


# The boot file and its neighbours


def test_an_edited_boot_file_is_replaced_shown_and_kept(host: Host) -> None:
    host.call(settings={REUSE: 1})
    ours = host.read(BOOT_FILE)
    host.write(BOOT_FILE, ours + "kernel.panic = 1\nnet.ipv4.tcp_fastopen_key = 1-2-3-4\n")
    edited = host.read(BOOT_FILE)
    result = host.call(settings={REUSE: 1})
    assert result["changed"]
    diff = next(one for one in result["diff"] if one["before_header"] == BOOT_FILE)
    assert "kernel.panic = 1" in diff["before"]
    assert "1-2-3-4" not in json.dumps(result)
    assert host.read(BOOT_FILE) == ours
    backups = [path for path in host.path("/etc/sysctl.d").iterdir() if path.name != "99-tcp-hardening.conf"]
    assert [path.read_text() for path in backups] == [edited]
    assert backups[0].name.endswith(".bak")


@pytest.mark.parametrize("state", ["present", "absent"])
def test_a_file_of_somebody_else_comes_back(host: Host, state: str) -> None:
    host.write(BOOT_FILE, "kernel.sysrq = 1\n")
    host.path(BOOT_FILE).chmod(0o600)
    before = host.state()
    assert not host.call(state="absent")["changed"]
    assert host.state() == before
    host.call(settings={REUSE: 1})
    if state == "present":
        host.call(settings={REUSE: 0})
    host.call(state="absent")
    assert host.state() == before


def test_a_boot_file_without_a_record_is_taken_back_too(host: Host) -> None:
    pristine = host.state()
    host.call(settings={REUSE: 1}, scope="boot")
    host.path(JOURNAL).unlink()
    host.call(state="absent")
    assert host.state() == pristine


def test_a_folder_that_was_missing_is_made_and_goes_again(host: Host) -> None:
    host.path("/etc/sysctl.d").rmdir()
    pristine = host.state()
    host.call(settings={REUSE: 1})
    assert lines(host) == [REUSE + " = 1"]
    host.call(state="absent")
    assert host.state() == pristine


def test_a_host_without_var_lib(host: Host) -> None:
    host.path("/var/lib").rmdir()
    host.path("/var").rmdir()
    assert host.call(settings={REUSE: 1})["changed"]
    assert host.path(STATE_FOLDER).stat().st_mode & 0o7777 == 0o700


def test_var_lib_that_is_a_file(host: Host) -> None:
    host.path("/var/lib").rmdir()
    host.path("/var/lib").write_text("")
    before = host.state()
    result = host.call()
    assert result["failed"]
    assert "/var/lib" in result["msg"]
    assert host.state() == before


CONFLICTING = "# mine\nnet.ipv4.tcp_tw_reuse = 0\nkernel.sysrq = 1\n"


def conflict(path: str, line: int, reader: str, dealt_with: bool, value: str = "0") -> dict[str, object]:
    return {"key": REUSE, "reader": reader, "path": path, "line": line, "value": value, "ours": "1", "dealt_with": dealt_with}


def test_conflicts_are_told_with_file_and_line(host: Host) -> None:
    host.write(MAIN_FILE, CONFLICTING)
    host.write("/usr/lib/sysctl.d/zz.conf", "\nnet/ipv4/tcp_tw_reuse=0\n")
    host.write("/usr/lib/sysctl.d/10.conf", "net.ipv4.tcp_tw_reuse = 0\n")
    host.write("/etc/sysctl.d/zz-same.conf", "net.ipv4.tcp_timestamps = 0x1\n")
    result = host.call(settings={REUSE: 1, TIMESTAMPS: 1})
    vendor = "/usr/lib/sysctl.d/zz.conf"
    assert result["conflicts"] == [
        conflict(vendor, 2, "systemd", False),
        conflict(vendor, 2, "procps", False),
        conflict(MAIN_FILE, 2, "procps", False),
    ]
    assert host.call(settings={REUSE: 1, TIMESTAMPS: 1})["conflicts"] == result["conflicts"]


def test_conflicts_that_cancel_each_other_out_are_none(host: Host) -> None:
    host.write(MAIN_FILE, "net.ipv4.tcp_tw_reuse = 0\nnet.ipv4.tcp_tw_reuse = 1\n")
    assert host.call(settings={REUSE: 1})["conflicts"] == []


def test_an_exclusion_is_a_conflict(host: Host) -> None:
    host.write("/etc/sysctl.d/zz.conf", "-net.ipv4.tcp_tw_reuse\n")
    found = host.call(settings={REUSE: 1})["conflicts"]
    assert [(one["reader"], one["line"], one["value"]) for one in found] == [("systemd", 1, None)]


def test_a_boot_file_that_another_hides_is_a_conflict(host: Host) -> None:
    ours = "/usr/lib/sysctl.d/99-x.conf"
    host.write("/etc/sysctl.d/99-x.conf", "")
    found = host.call(settings={REUSE: 1}, boot_file=ours)["conflicts"]
    assert [(one["reader"], one["path"], one["line"]) for one in found] == [
        ("systemd", "/etc/sysctl.d/99-x.conf", None),
        ("procps", "/etc/sysctl.d/99-x.conf", None),
    ]


def test_fail_on_conflict_changes_nothing(host: Host) -> None:
    host.write(MAIN_FILE, CONFLICTING)
    before = host.state()
    result = host.call(on_conflict="fail")
    assert result["failed"]
    assert f"{MAIN_FILE}:2 sets {REUSE}" in result["msg"]
    assert host.state() == before


def test_conflicting_lines_are_commented_out_and_come_back(host: Host) -> None:
    host.write(MAIN_FILE, CONFLICTING)
    host.path(MAIN_FILE).chmod(0o640)
    host.write("/usr/lib/sysctl.d/zz.conf", "net.ipv4.tcp_tw_reuse=0\n")
    os.symlink("../sysctl.conf", host.path("/etc/sysctl.d/99-sysctl.conf"))
    pristine = host.state()
    result = host.call(settings={REUSE: 1}, on_conflict="comment_out")
    assert conflict(MAIN_FILE, 2, "procps", True) in result["conflicts"]
    assert conflict("/usr/lib/sysctl.d/zz.conf", 1, "procps", False) in result["conflicts"]
    text = host.read(MAIN_FILE).splitlines()
    assert (text[0], text[2]) == ("# mine", "kernel.sysrq = 1")
    assert text[1].startswith("# ")
    assert text[1].endswith(": net.ipv4.tcp_tw_reuse = 0")
    assert host.path(MAIN_FILE).stat().st_mode & 0o7777 == 0o640
    assert CONFLICTING in json.loads(host.read(JOURNAL))["record"]["boot"]["commented"][MAIN_FILE]
    again = host.call(settings={REUSE: 1}, on_conflict="comment_out")
    assert not again["changed"]
    assert again["conflicts"] == result["conflicts"]
    # What is added to the file meanwhile stays.
    host.write(MAIN_FILE, host.read(MAIN_FILE) + "kernel.panic = 1\n")
    host.call(state="absent")
    assert host.read(MAIN_FILE) == CONFLICTING + "kernel.panic = 1\n"
    host.write(MAIN_FILE, CONFLICTING)
    assert host.state() == pristine


def test_a_line_of_a_key_taken_out_counts_again(host: Host) -> None:
    host.write(MAIN_FILE, CONFLICTING)
    host.call(settings={REUSE: 1, TIMESTAMPS: 0}, on_conflict="comment_out")
    assert host.read(MAIN_FILE) != CONFLICTING
    host.call(settings={TIMESTAMPS: 0}, on_conflict="comment_out")
    assert host.read(MAIN_FILE) == CONFLICTING


# Image builds


def test_scope_boot_without_a_kernel(host: Host) -> None:
    for key in DEFAULTS:
        host.path(path_of(key)).unlink()
    result = host.call(scope="boot")
    assert status(result) == {**dict.fromkeys(SETTINGS, "changed"), RECYCLE: "absent"}
    assert lines(host) == [
        f"-{RESERVED} = 8080,9000-9010",
        f"-{UNPRIVILEGED} = 700",
        f"-{TIMESTAMPS} = 1",
        f"-{REUSE} = 1",
        f"-{RANGE} = 800 65000",
        # At least 200000 was asked for, and the kernel that boots may start with more than that.
        f"-{BUCKETS} = 262144",
    ]
    assert not host.call(scope="boot")["changed"]


def test_scope_boot_leaves_the_kernel_alone(host: Host) -> None:
    assert host.call(scope="boot")["changed"]
    assert {key: host.get(key) for key in DEFAULTS} == DEFAULTS
    assert f"{REUSE} = 1" in lines(host)


@pytest.mark.parametrize(
    ("key", "bound", "others", "expected"),
    [
        (BUCKETS, {"at_least": 65536}, "", "262144"),
        (BUCKETS, {"at_least": 65536, "bytes_each": 2**40}, "", "262144"),
        (BUCKETS, {"at_least": 300000}, "", "300000"),
        (BUCKETS, {"at_least": 65536}, f"{BUCKETS} = 500000", "500000"),
        (BUCKETS, {"at_least": 65536}, f"{BUCKETS} = 4096", "262144"),
        (BUCKETS, {"at_least": 65536}, f"{BUCKETS} = many", "262144"),
        ("net.netfilter.nf_conntrack_tcp_timeout_time_wait", {"at_least": 60}, "", "120"),
        ("net.ipv4.tcp_keepalive_time", {"at_least": 600}, "", "7200"),
        ("net.ipv4.tcp_keepalive_time", {"at_most": 600}, "", "600"),
        ("net.ipv4.tcp_keepalive_time", {"at_most": 9000}, "", "7200"),
        ("net.ipv4.tcp_keepalive_time", {"at_most": 600}, "net.ipv4.tcp_keepalive_time = 300", "300"),
        ("net.core.somaxconn", {"at_least": 1000}, "", "1000"),
    ],
)
def test_a_bound_at_boot_never_makes_it_worse(host: Host, key: str, bound: dict[str, int], others: str, expected: str) -> None:
    host.write("/etc/sysctl.d/50-admin.conf", others + "\n")
    host.call(scope="boot", settings={key: bound})
    assert [line.lstrip("-") for line in lines(host)] == [f"{key} = {expected}"]
    assert not host.call(scope="boot", settings={key: bound})["changed"]


def test_a_boot_file_is_only_raised(host: Host) -> None:
    host.call(scope="boot", settings={BUCKETS: {"at_least": 350000}})
    host.call(scope="boot", settings={BUCKETS: {"at_least": 300000}})
    assert lines(host) == [BUCKETS + " = 350000"]


def test_scope_boot_checks_values_against_a_fresh_kernel(host: Host) -> None:
    result = host.call(scope="boot", settings={RANGE: "500 600"})
    assert result["failed"]
    assert "ip_unprivileged_port_start" in result["msg"]


def test_no_kernel_is_an_error_where_one_is_needed(host: Host) -> None:
    for key in DEFAULTS:
        host.path(path_of(key)).unlink()
    host.path("/proc/sys/net/ipv4").rmdir()
    result = host.call()
    assert result["failed"]
    assert "scope: boot" in result["msg"]


# Refusals


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        (
            {"net.ipv4.tcp_tw_resue": 1},
            "'net.ipv4.tcp_tw_resue' is not a key that the collection knows, did you mean net.ipv4.tcp_tw_reuse?",
        ),
        ({"tcp_tw_reuse": 1}, "did you mean net.ipv4.tcp_tw_reuse?"),
        ({"kernel.sysrq": 1}, "'kernel.sysrq' is not a key that the collection knows"),
        ({"net.ipv4.tcp_fastopen_key": "1-2-3-4"}, "is not a key that the collection knows"),
        ({"../net/ipv4/tcp_tw_reuse": 1}, "is not a sysctl key"),
        ({"net/../../tmp/x": 1}, "is not a sysctl key"),
        ({"/etc/passwd": 1}, "'/etc/passwd' is not a sysctl key"),
        ({"net.ipv4.tcp_tw_reuse\0": 1}, "is not a sysctl key"),
        ({"net.ipv4.tcp_tw_reuse\n": 1}, "is not a sysctl key"),
        ({"": 1}, "'' is not a sysctl key"),
        ({REUSE: True}, f"{REUSE}: true is a YAML boolean"),
        ({REUSE: 1.5}, "not a number with a fraction"),
        ({REUSE: ["1"]}, "not a list"),
        ({REUSE: "1\nkernel.sysrq = 1"}, f"{REUSE}: the value has a line feed"),
        ({REUSE: "1\0"}, "control character"),
        ({REUSE: "1\r"}, "control character"),
        ({REUSE: "1\u2028"}, "control character"),
        ({REUSE: "1" * 5000}, "longer than"),
        ({REUSE: "3"}, f"{REUSE}: 3 is outside 0 to 2"),
        ({REUSE: "banana"}, "'banana' is not a number"),
        ({REUSE: ""}, "empty"),
        ({REUSE: "1 2"}, "for something else"),
        ({REUSE: "01"}, "01 is read as 1"),
        ({RANGE: "20000"}, "one number changes only the low end"),
        ({RANGE: 20000}, "one number changes only the low end"),
        ({RANGE: "20000-30000"}, "is not a number"),
        ({RANGE: "65000 1024"}, "the high end 1024 is under the low end 65000"),
        ({RANGE: "800 65000"}, "under ip_unprivileged_port_start, 1024"),
        ({UNPRIVILEGED: 40000}, "above the low end of ip_local_port_range"),
        ({RESERVED: "70000"}, "not a port"),
        ({BUCKETS: {"at_least": "many"}}, "'many' is not a whole number"),
        ({BUCKETS: {"at_least": True}}, "YAML boolean"),
        ({BUCKETS: {"at_least": 1, "at_most": 2}}, "a bound is at_least or at_most"),
        ({BUCKETS: {"minimum": 1}}, "a bound is at_least or at_most"),
        ({BUCKETS: {"at_least": 1, "bytes_each": -1}}, "bytes_each cannot be negative"),
        ({RANGE: {"at_least": 1}}, "cannot have a bound"),
        ({REUSE: {"at_least": 7}}, "7 is outside 0 to 2"),
    ],
)
@pytest.mark.parametrize("check", [False, True])
def test_bad_settings_are_refused_by_name_and_nothing_changes(host: Host, settings: dict[str, object], message: str, check: bool) -> None:
    before = host.state()
    result = host.call(check=check, settings={TIMESTAMPS: 0, **settings})
    assert result["failed"]
    assert message in result["msg"]
    assert host.state() == before


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"name": "Client Host"}, "name"),
        ({"name": ""}, "name"),
        ({"name": "a\n"}, "name"),
        ({"settings": None}, "settings are needed"),
        ({"confirm_seconds": -1}, "confirm_seconds"),
        ({"confirm_seconds": 3601}, "confirm_seconds"),
        ({"claims": ["D1\nkernel.sysrq = 1"]}, "claims"),
        ({"claims": ["D1"] * 51}, "claims"),
        *[
            ({"boot_file": path}, "boot_file")
            for path in (
                *("/etc/passwd", "/etc/sysctl.conf", "/tmp/x.conf", "etc/sysctl.d/x.conf", "/etc/sysctl.d/x", "/etc/sysctl.d/.x.conf"),
                *(
                    "/etc/sysctl.d/../x.conf",
                    "/etc/sysctl.d/a/x.conf",
                    "/etc/sysctl.d/.conf",
                    "/etc/sysctl.d/x.conf\n",
                    "/etc/sysctl.d//x.conf",
                ),
            )
        ],
    ],
)
def test_bad_options_are_refused(host: Host, options: dict[str, t.Any], message: str) -> None:
    before = host.state()
    result = host.call(**options)
    assert result["failed"]
    assert message in result["msg"]
    assert host.state() == before


def test_a_boot_file_that_is_a_link_is_refused(host: Host) -> None:
    os.symlink("../passwd", host.path(BOOT_FILE))
    before = host.state()
    result = host.call()
    assert result["failed"]
    assert "ELOOP" in result["msg"]
    assert BOOT_FILE in result["msg"]
    assert host.state() == before


@pytest.mark.parametrize("what", ["link in a shared folder", "shared folder"])
def test_a_boot_folder_that_others_could_turn_is_refused(host: Host, what: str) -> None:
    host.path("/etc/sysctl.d").rmdir()
    if what == "shared folder":
        host.path("/etc/sysctl.d").mkdir()
        host.path("/etc/sysctl.d").chmod(0o777)
    else:
        host.path("/srv").mkdir()
        os.symlink("/srv", host.path("/etc/sysctl.d"))
        host.path("/etc").chmod(0o777)
    before = host.state()
    result = host.call()
    assert result["failed"]
    assert "others may write to" in result["msg"]
    assert host.state() == before


def test_a_boot_folder_behind_a_link_of_root_is_fine(host: Host) -> None:
    host.path("/etc/sysctl.d").rmdir()
    host.path("/srv").mkdir()
    os.symlink("/srv", host.path("/etc/sysctl.d"))
    host.write("/srv/zz.conf", "net.ipv4.tcp_tw_reuse = 0\n")
    # A link to an absolute path leads out of a folder that stands for a host: only this test's own reading follows it.
    result = host.call(check=True)
    assert not result.get("failed")
    assert {one["path"] for one in result["conflicts"]} == {"/srv/zz.conf"}


# What the kernel does to a write


class Lies:
    """A kernel that makes something else of one value of a key."""

    def __init__(self, host: Host, key: str, raw: str, of: str) -> None:
        self.host, self.key, self.raw, self.of = host, key, raw, of

    def __call__(self, what: str) -> None:
        if what == "read " + self.key and self.host.get(self.key) == self.of:
            self.host.set(self.key, self.raw)


def test_what_reads_back_as_something_else_is_undone(host: Host) -> None:
    before = host.state()
    result = host.call(step=Lies(host, BUCKETS, "199999", "200000"))
    assert result["failed"]
    assert f"{BUCKETS}: 200000 was written, 199999 was read back" in result["msg"]
    assert status(result) == {**dict.fromkeys(SETTINGS, "left_alone"), BUCKETS: "not_verified", TIMESTAMPS: "ok", RECYCLE: "absent"}
    assert host.state() == before


def test_a_write_that_the_kernel_refuses_is_undone_and_told(host: Host) -> None:
    before = host.state()

    def refuse(what: str) -> None:
        if what == "write " + BUCKETS:
            raise OSError(22, "Invalid argument")

    result = host.call(step=refuse)
    assert result["failed"]
    assert f"{BUCKETS}: the kernel refused 200000: EINVAL" in result["msg"]
    assert status(result)[BUCKETS] == "refused"
    assert host.state() == before


@pytest.mark.parametrize("check", [False, True])
def test_a_key_that_cannot_be_written_fails_before_anything_is(host: Host, check: bool) -> None:
    before = host.state()

    def refuse(what: str) -> None:
        if what == "probe " + REUSE:
            raise OSError(30, "Read-only file system")

    result = host.call(check=check, step=refuse)
    assert result["failed"]
    assert f"{REUSE}: it cannot be written here, the kernel said EROFS" in result["msg"]
    assert status(result)[REUSE] == "read_only"
    assert host.state() == before


# Journals and locks

STEP = {"key": "kernel.sysrq", "before": "1", "after": "0"}
UNKNOWN_KEY = {"name": "x", "boot_id": "", "steps": [STEP], "after": None, "guard": None, "waiting": False}


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ('{"schema": "linux_tcp.journal/2"}', "'linux_tcp.journal/2', this version knows 'linux_tcp.journal/1'"),
        ('{"schema": "linux_tcp.journal/1", "boot_fi', "damaged or cut short"),
        ("", "damaged or cut short"),
        ("[]", "damaged or cut short"),
        ('{"schema": "linux_tcp.journal/1"}', "damaged"),
        ('{"schema": "linux_tcp.journal/1", "boot_file": "/etc/sysctl.d/x.conf", "record": null, "open": null, "undone": null}', "renamed"),
        ('{"schema": "linux_tcp.journal/1", "boot_file": 7, "record": null, "open": null, "undone": null}', "damaged"),
        ('{"schema": "linux_tcp.journal/1", "boot_file": "x", "record": {"name": 1}, "open": null, "undone": null}', "damaged"),
        (
            json.dumps({"schema": "linux_tcp.journal/1", "boot_file": "x", "record": None, "undone": None, "open": UNKNOWN_KEY}),
            "is damaged; nothing",
        ),
    ],
)
@pytest.mark.parametrize("state", ["present", "absent"])
def test_a_journal_that_is_not_understood_is_named_and_nothing_changes(host: Host, text: str, message: str, state: str) -> None:
    host.path(STATE_FOLDER).mkdir(mode=0o700)
    host.write(JOURNAL, text)
    before = host.state()
    result = host.call(state=state)
    assert result["failed"]
    assert JOURNAL in result["msg"]
    assert message in result["msg"]
    assert host.state() == before


@pytest.mark.parametrize("cut", range(0, 2000, 37))
def test_a_journal_cut_anywhere_is_named_and_nothing_changes(host: Host, cut: int) -> None:
    host.call()
    text = host.read(JOURNAL)
    host.write(JOURNAL, text[: cut % (len(text) - 2)])
    before = host.state()
    result = host.call(state="absent")
    assert result["failed"]
    assert JOURNAL in result["msg"]
    assert host.state() == before


def test_a_cut_short_copy_from_before_the_rename_does_not_matter(host: Host) -> None:
    host.call()
    host.write(JOURNAL + _machine.TEMPORARY, '{"schema": "linux')
    assert not host.call(state="absent").get("failed")
    assert not host.path(STATE_FOLDER).exists()


def test_a_state_folder_of_somebody_else_is_not_trusted(host: Host) -> None:
    host.path(STATE_FOLDER).mkdir()
    host.path(STATE_FOLDER).chmod(0o777)
    result = host.call()
    assert result["failed"]
    assert STATE_FOLDER in result["msg"]


def test_a_second_run_waits_for_the_first_and_then_gives_up(host: Host, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_journal, "LOCK_SECONDS", 0.2)
    inside, leave = threading.Event(), threading.Event()

    def hold(what: str) -> None:
        if what == "write " + REUSE and not inside.is_set():
            inside.set()
            assert leave.wait(20)

    results: list[dict[str, t.Any]] = []
    first = threading.Thread(target=lambda: results.append(host.call(step=hold)))
    first.start()
    assert inside.wait(20)
    try:
        second = host.call(state="absent")
    finally:
        leave.set()
        first.join()
    assert second["failed"]
    assert "another run has /var/lib/linux_tcp_hardening locked" in second["msg"]
    assert not results[0].get("failed")
    assert host.get(REUSE) == "1"


def test_of_many_runs_at_once_one_changes_the_host(host: Host) -> None:
    results: list[dict[str, t.Any]] = []
    runs = [threading.Thread(target=lambda: results.append(host.call())) for _number in range(8)]
    for run in runs:
        run.start()
    for run in runs:
        run.join()
    assert not any(result.get("failed") for result in results)
    assert sum(result["changed"] for result in results) == 1
    pristine = Host.made(host.path("/elsewhere"))
    host.call(state="absent")
    assert {key: host.get(key) for key in DEFAULTS} == DEFAULTS
    assert pristine.settled().keys() == host.settled().keys()


def test_a_journal_from_before_a_reboot_is_undone(host: Host) -> None:
    number = next(number for number, what in enumerate(Host.made(host.path("/other")).steps()) if what == "create " + BOOT_FILE)
    assert host.killed(number + 2)
    assert host.get(REUSE) == "1"
    # The kernel has started with its defaults, and somebody has set a key.
    host.write("/proc/sys/kernel/random/boot_id", "second-boot\n")
    for key, raw in DEFAULTS.items():
        host.set(key, raw)
    host.set(BUCKETS, "99999")
    result = host.call(state="absent")
    assert "had not come to its end" in result["recovered"]
    assert f"{BUCKETS} is left at 99999" in result["recovered"]
    assert host.get(BUCKETS) == "99999"
    assert not host.path(BOOT_FILE).exists()
    assert not host.path(STATE_FOLDER).exists()


def test_a_key_that_another_one_keeps_from_changing_says_so(host: Host) -> None:
    result = host.call(settings={TIMESTAMPS: 0, REUSE: 7, BUCKETS: 131072})
    assert status(result) == {TIMESTAMPS: "left_alone", REUSE: "refused", BUCKETS: "ok"}


def test_a_folder_that_another_run_removes_while_this_one_locks_it_is_made_anew(host: Host, monkeypatch: pytest.MonkeyPatch) -> None:
    real = fcntl.flock
    removed: list[str] = []

    def flock(descriptor: int, operation: int) -> None:
        if not removed:
            host.path(STATE_FOLDER).rmdir()
            removed.append(STATE_FOLDER)
        real(descriptor, operation)

    monkeypatch.setattr(fcntl, "flock", flock)
    assert host.call()["changed"]
    assert removed
