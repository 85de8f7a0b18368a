# Copyright (c) 2026 The linux_tcp.hardening authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The text of the boot file, and the lines of other files that override it."""

from __future__ import annotations

from support.transactions import BOOT_FILE, CONFLICTING, MAIN_FILE, REUSE, TIMESTAMPS, Host, conflict, lines


def test_the_boot_file_says_whose_it_is(host: Host) -> None:
    host.call(settings={TIMESTAMPS: 0}, claims=["D1", "D7"])
    text = host.read(BOOT_FILE)
    assert text.startswith("# Managed by linux_tcp.hardening for the profile client_host, checksum ")
    assert "D1, D7" in text
    assert f"with name: client_host, state: absent and boot_file: {BOOT_FILE}.\n" in text
    assert lines(host) == [TIMESTAMPS + " = 0"]
    assert host.path(BOOT_FILE).stat().st_mode & 0o7777 == 0o644


def test_conflicts_are_reported_with_file_and_line(host: Host) -> None:
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


def test_a_hidden_boot_file_is_refused_with_what_to_do(host: Host) -> None:
    host.write("/etc/sysctl.d/99-x.conf", "")
    result = host.call(settings={REUSE: 1}, boot_file="/usr/lib/sysctl.d/99-x.conf", on_conflict="fail")
    assert result["msg"] == (
        "/usr/lib/sysctl.d/99-x.conf would be overridden at boot: /etc/sysctl.d/99-x.conf hides the whole file. Nothing was changed. "
        "Remove these, or use on_conflict: comment_out"
    )
