# Copyright (c) 2026 The linux_tcp.hardening authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Lines that override a profile at boot: of programs beside the readers of sysctl.d, and of keys that bound its own."""

from __future__ import annotations

from support.transactions import BOOT_FILE, RANGE, REUSE, TIMESTAMPS, UNPRIVILEGED, Host, conflict, lines, status

UFW = "/etc/ufw/sysctl.conf"


def turn_on_ufw(host: Host, text: str) -> None:
    host.write("/etc/ufw/ufw.conf", "ENABLED=yes\n")
    host.write("/etc/default/ufw", f"IPT_SYSCTL={UFW}\n")
    host.write(UFW, text)


def test_a_line_of_ufw_is_a_conflict(host: Host) -> None:
    turn_on_ufw(host, "\nnet/ipv4/tcp_tw_reuse=0\nnet/ipv4/tcp_timestamps=1\n")
    result = host.call(settings={REUSE: 1, TIMESTAMPS: 1})
    assert result["conflicts"] == [conflict(UFW, 2, "ufw", False)]
    assert "would be overridden at boot: /etc/ufw/sysctl.conf:2 sets" in host.call(settings={REUSE: 1}, on_conflict="fail")["msg"]


def test_a_line_of_ufw_is_commented_out_and_comes_back(host: Host) -> None:
    turn_on_ufw(host, "# mine\nnet/ipv4/tcp_tw_reuse=0\nnet/ipv4/tcp_sack=1\n")
    pristine = host.state()
    result = host.call(settings={REUSE: 1}, on_conflict="comment_out")
    assert result["conflicts"] == [conflict(UFW, 2, "ufw", True)]
    first, second, third = host.read(UFW).splitlines()
    assert (first, second[:2], third) == ("# mine", "# ", "net/ipv4/tcp_sack=1")
    assert not host.call(settings={REUSE: 1}, on_conflict="comment_out")["changed"]
    host.call(state="absent")
    assert host.state() == pristine


def test_the_last_line_of_ufw_decides(host: Host) -> None:
    turn_on_ufw(host, "net/ipv4/tcp_tw_reuse=0\nnet/ipv4/tcp_tw_reuse=1\n")
    assert host.call(settings={REUSE: 1})["conflicts"] == []
    host.write(UFW, "net/ipv4/tcp_tw_reuse=0\nnet/ipv4/tcp_tw_reuse=nine\n")
    assert host.call(settings={REUSE: 1})["conflicts"] == [conflict(UFW, 1, "ufw", False)]


def test_ufw_that_is_off_is_no_conflict(host: Host) -> None:
    turn_on_ufw(host, "net/ipv4/tcp_tw_reuse=0\n")
    host.write("/etc/ufw/ufw.conf", "ENABLED=no\n")
    assert host.call(settings={REUSE: 1})["conflicts"] == []


def test_a_line_before_ours_that_makes_the_kernel_refuse_it_is_a_conflict(host: Host) -> None:
    host.write("/etc/sysctl.d/10-high.conf", f"{UNPRIVILEGED} = 20000\n")
    found = host.call(settings={RANGE: "16384 65535"})["conflicts"]
    assert [(one["key"], one["reader"], one["path"], one["line"], one["value"]) for one in found] == [
        (UNPRIVILEGED, "systemd", "/etc/sysctl.d/10-high.conf", 1, "20000"),
        (UNPRIVILEGED, "procps", "/etc/sysctl.d/10-high.conf", 1, "20000"),
    ]
    dealt = host.call(settings={RANGE: "16384 65535"}, on_conflict="comment_out")["conflicts"]
    assert [one["dealt_with"] for one in dealt] == [True, True]


def test_a_range_that_only_the_running_kernel_takes_is_refused(host: Host) -> None:
    host.write(f"/proc/sys/{UNPRIVILEGED.replace('.', '/')}", "0\n")
    result = host.call(settings={RANGE: "500 65535"})
    assert "at the next boot the low end 500 is below ip_unprivileged_port_start (1024)" in result["msg"]
    assert not host.path(BOOT_FILE).exists()
    assert not host.call(settings={RANGE: "500 65535"}, scope="runtime").get("failed")


def test_a_range_that_another_boot_file_makes_possible_is_taken(host: Host) -> None:
    host.write(f"/proc/sys/{UNPRIVILEGED.replace('.', '/')}", "0\n")
    host.write("/etc/sysctl.d/10-low.conf", f"{UNPRIVILEGED} = 0\n")
    result = host.call(settings={RANGE: "500 65535"})
    assert (status(result), lines(host)) == ({RANGE: "changed"}, [f"{RANGE} = 500 65535"])
    assert result["conflicts"] == []


def turn_on_tuned(host: Host, line: str, reapply: int) -> None:
    host.write("/etc/tuned/active_profile", "web\n")
    host.write("/etc/tuned/tuned-main.conf", f"reapply_sysctl = {reapply}\n")
    host.write("/etc/tuned/web/tuned.conf", f"[sysctl]\n{line}\n")


def test_a_profile_of_tuned_is_named_and_never_edited(host: Host) -> None:
    turn_on_tuned(host, f"{REUSE}=0", 0)
    result = host.call(settings={REUSE: 1}, on_conflict="comment_out")
    assert result["conflicts"] == [conflict("/etc/tuned/web/tuned.conf", 2, "tuned", False)]
    assert host.read("/etc/tuned/web/tuned.conf") == f"[sysctl]\n{REUSE}=0\n"


def test_tuned_that_applies_our_file_again_is_no_conflict(host: Host) -> None:
    turn_on_tuned(host, f"{REUSE}=0", 1)
    assert host.call(settings={REUSE: 1})["conflicts"] == []


def test_what_tuned_applies_after_our_file_is_a_conflict(host: Host) -> None:
    turn_on_tuned(host, f"{TIMESTAMPS}=1", 1)
    host.write("/run/sysctl.d/99-z.conf", f"{REUSE} = 0\n")
    found = {one["reader"]: one["path"] for one in host.call(settings={REUSE: 1})["conflicts"]}
    assert found == dict.fromkeys(("systemd", "procps", "tuned"), "/run/sysctl.d/99-z.conf")


def test_a_value_that_only_tuned_works_out_is_a_conflict(host: Host) -> None:
    turn_on_tuned(host, f"{REUSE}=${{f:calc}}", 0)
    assert [(one["path"], one["value"]) for one in host.call(settings={REUSE: 1})["conflicts"]] == [("/etc/tuned/web/tuned.conf", None)]


def test_a_later_file_that_is_too_large_to_be_understood_is_told(host: Host) -> None:
    host.write("/etc/sysctl.d/10-large.conf", "#" * 300_000)
    assert host.call(settings={REUSE: 1})["warnings"] == []
    host.write("/etc/sysctl.d/zz-large.conf", "#" * 300_000)
    why = "may override it: what it sets is not known (larger than 262144 bytes)"
    warning = f"/etc/sysctl.d/zz-large.conf comes after {BOOT_FILE} at boot and {why}"
    assert host.call(settings={REUSE: 1})["warnings"] == [warning]
    assert host.call(settings={}, scope="runtime")["warnings"] == []


def test_a_host_that_nothing_promises_to_boot_with_the_file_is_told(host: Host) -> None:
    host.write("/proc/1/comm", "runit\n")
    (warning,) = host.call(settings={REUSE: 1})["warnings"]
    assert warning.startswith(f"{BOOT_FILE} may have no effect at the next boot: this host boots without systemd")
