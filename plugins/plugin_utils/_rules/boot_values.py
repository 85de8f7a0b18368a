# Copyright (c) 2026 The linux_tcp.hardening authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE to the collection: not for use outside it, may change at any time.

"""Values from boot files: what the next boot will set, and which of several files wins."""

from __future__ import annotations

import re
import typing as t

from ...module_utils._sysctl import _boot_order as boot_order
from ...module_utils._sysctl._keys import SYSCTL_KEYS, concerns_tcp, same
from ...module_utils._sysctl._lines import READERS
from ._base import CannotApplyError, Finding, MissingFactError, everywhere, rule
from ._boot import READER_MANUALS, no_failure, same_text
from ._view_keys import PORT_RANGE, RESERVED_PORTS, RFC1337, SOMAXCONN, TIMESTAMPS, TW_REUSE

if t.TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from .._results import Severity
    from .._snapshot_types import Writer
    from ._base import Thresholds
    from ._view import View
    from ._view_boot import BootValue

# Places that packages fill and administrators are meant to override (sysctl.d(5)); a folder of the controller may stand before them.
_VENDOR_FILE = re.compile(r"(?:^|/)(?:usr/lib|usr/local/lib|lib|run)/sysctl\.d/[^/]+\Z")
_ADMIN_FILE = re.compile(r"(?:^|/)etc/sysctl\.(?:conf|d/[^/]+)\Z")
# Docker, ufw, kube-proxy and their like set these whenever they start: after the next boot the host is most likely as it is now.
_SET_BY_PROGRAMS = frozenset(
    (
        "net.ipv4.ip_forward",
        "net.ipv4.conf.all.rp_filter",
        "net.ipv4.conf.default.rp_filter",
        "net.nf_conntrack_max",
        "net.netfilter.nf_conntrack_max",
        "net.netfilter.nf_conntrack_tcp_timeout_established",
        "net.netfilter.nf_conntrack_tcp_timeout_close_wait",
    )
)


@rule(
    "boot-differs",
    title="The running value is not what the next boot will set",
    severities=everywhere("medium"),
    rationale=(
        "Somebody changed the running kernel but not the files, or the files but not the kernel. After its next reboot the host "
        "will behave differently, often at the worst time. Firewalls, container engines and kube-proxy set some keys whenever "
        "they start (forwarding, rp_filter, some of conntrack's); for these the severity is low."
    ),
    remedy=(
        "Decide which of the two values is right. Write it into the file named here (or delete the line), and set the running "
        "value to the same."
    ),
    waiver_advice=(
        "Accept it during an experiment, until a date. Another good reason is a program that sets the key when it starts: name it."
    ),
    references=READER_MANUALS,
)
def boot_differs(host: View, limits: Thresholds) -> Iterator[Finding]:
    _boot_files_apply(host)
    failed = False
    for key, booted in sorted(host.boot_values(*host.boot_sequence).items()):
        try:
            running = host.raw(key)
        except (CannotApplyError, MissingFactError):
            continue
        if same(SYSCTL_KEYS[key], booted.raw, running):
            continue
        failed = True
        yield Finding(
            "fail",
            key,
            f"now {running!r}; the next boot will set {booted.raw!r}",
            "the same value in both",
            path=booted.setting.real_path,
            line=booted.setting.line,
            severity="low" if key in _SET_BY_PROGRAMS else None,
            evidence={"reader": booted.program},
        )
    for write in host.unknown_at_boot():
        failed = True
        reason = f"{write.program} works the value out when it starts ({write.text.path}:{write.text.line})"
        yield Finding("unknown", write.key, host.shown(write.key), "the same value in both", reason=reason)
    if not failed:
        yield no_failure(host, "boot files", "every key that boot sets has that value now")


def _boot_files_apply(host: View) -> None:
    """Raise unless boot sets the keys of the namespace that was observed."""
    about = host.snapshot["host"]
    if about["boot_files_apply"] is False:
        raise CannotApplyError("boot files do not apply to this network namespace")
    if about["boot_files_apply"] is None and about["network_namespace"] == "own":
        raise MissingFactError("it is not known whether boot files apply to this network namespace")


@rule(
    "boot-readers-disagree",
    title="systemd-sysctl and sysctl --system would set different values",
    severities=everywhere("low"),
    rationale=(
        "At boot systemd-sysctl reads the files. Administrators, packages and documentation use `sysctl --system`. The two read "
        "different files in a different order: procps reads /etc/sysctl.conf last; systemd does not read it at all, unless a "
        "link in /etc/sysctl.d points to it. So the value depends on which of them ran last."
    ),
    measured="systemd 252 and procps 4.0.2: this collection's tests compare them on many generated file trees.",
    remedy="Set the key in one file only, in /etc/sysctl.d with a name that sorts last (99-…). Delete it from the others.",
    waiver_advice="Accept it if one of the two never runs on this host.",
    references=READER_MANUALS,
)
def boot_readers_disagree(host: View, limits: Thresholds) -> Iterator[Finding]:
    if host.boot_reader != "systemd":
        raise CannotApplyError("systemd-sysctl does not run at this host's boot")
    systemd, procps = host.boot_values("systemd"), host.boot_values("procps")
    failed = False
    for key in sorted({*systemd, *procps}):
        first, second = systemd.get(key), procps.get(key)
        blamed = second or first
        if host.has(key) is False or blamed is None or (first and second and same(SYSCTL_KEYS[key], first.raw, second.raw)):
            continue
        failed = True
        yield Finding(
            "fail",
            key,
            f"systemd-sysctl sets {_shown(first)}, sysctl --system sets {_shown(second)}",
            "the same value from both",
            path=blamed.setting.real_path,
            line=blamed.setting.line,
        )
    if not failed:
        yield no_failure(host, "boot files", "systemd-sysctl and sysctl --system set the same values")


def _shown(booted: BootValue | None) -> str:
    return "nothing" if booted is None else f"{booted.raw!r} ({booted.setting.path}:{booted.setting.line})"


@rule(
    "boot-shadowed",
    title="A later boot file overrides the value of this one",
    severities=everywhere("low"),
    rationale=(
        "If you edit the earlier file, nothing changes at the next boot. This is how a good value from a package or a role gets "
        "lost to a forgotten file with a higher number."
    ),
    remedy="Keep the key in one file. If the later file is right, delete the earlier line; if not, delete the later one.",
    waiver_advice="Accept it if the earlier file belongs to a tool that rewrites it. Vendor files that /etc overrides are not reported.",
    references=READER_MANUALS,
)
def boot_shadowed(host: View, limits: Thresholds) -> Iterator[Finding]:
    # Raises where it is not known which program reads the files, and in which order.
    readers = READERS if host.boot_reader == "systemd" else (host.boot_reader,)
    shadowed: dict[tuple[str, str, int], Finding] = {}
    for reader in readers:
        for lost in boot_order.earlier(host.boot_files, reader, host.known_keys):
            if not concerns_tcp(lost.key) or lost.path == lost.by_path or lost.value is None or lost.by_value is None:
                continue
            if same_text(lost.key, lost.value, lost.by_value):
                continue
            if _VENDOR_FILE.search(lost.path) and _ADMIN_FILE.search(lost.by_path):
                continue
            shadowed.setdefault(
                (lost.key, lost.path, lost.line),
                Finding(
                    "fail",
                    lost.key,
                    f"{lost.value!r} is overridden by {lost.by_value!r} ({lost.by_path}:{lost.by_line})",
                    "only one file sets the key",
                    path=lost.path,
                    line=lost.line,
                    evidence={"reader": reader},
                ),
            )
    for key, files, end in _taken_over(host):
        shadowed.setdefault(
            (key, files.setting.path, files.setting.line),
            Finding(
                "fail",
                key,
                f"{files.raw!r} is overridden by {end.raw!r} ({end.setting.path}:{end.setting.line}, {end.program})",
                "only one file sets the key",
                path=files.setting.real_path,
                line=files.setting.line,
                evidence={"reader": host.boot_reader},
            ),
        )
    yield from shadowed.values()
    if not shadowed:
        yield no_failure(host, "boot files", "no file overrides another file's value")


def _taken_over(host: View) -> Iterator[tuple[str, BootValue, BootValue]]:
    """The keys that a program sets after the reader of sysctl.d to another value than its files have: those values."""
    from_files = host.boot_values(host.boot_reader)
    for key, end in sorted(host.boot_values(*host.boot_sequence).items()):
        files = from_files.get(key)
        if files and end.program != host.boot_reader and not same(SYSCTL_KEYS[key], files.raw, end.raw):
            yield key, files, end


@rule(
    "boot-other-writer",
    title="Another program than the reader of sysctl.d sets the key at boot",
    severities=everywhere("medium"),
    rationale=(
        "Some programs write sysctl keys when they start, from files of their own. Most start after the files in sysctl.d have been "
        "applied, so their value stays. Whoever edits a file in sysctl.d sees no effect after the next boot. ufw does this with "
        "/etc/ufw/sysctl.conf, TuneD with its active profile. With reapply_sysctl = 1 TuneD applies /etc/sysctl.d once more: only keys "
        "that are not set there keep the profile's value. If no file in sysctl.d sets the key and the running value is the same, the "
        "severity is info."
    ),
    measured="Debian 12 with ufw 0.36.2: the value from ufw's file was there after 5 of 5 boots, although systemd promises no order.",
    remedy=(
        "Decide which value is right. Write it into the file named here, or delete the line there and set the key in /etc/sysctl.d. "
        "tcp_profile with on_conflict: comment_out takes the line out of ufw's file. It never edits a TuneD profile. For TuneD, make a "
        "profile in /etc/tuned that includes the active one and sets the key, then run tuned-adm profile NAME. Or set reapply_sysctl = 1 "
        "in /etc/tuned/tuned-main.conf and the key in /etc/sysctl.d."
    ),
    waiver_advice="Accept it where the program's file is the one place in which your hosts keep this key.",
    references=("ufw-framework(8)", "tuned.conf(5)", "tuned-main.conf(5)", *READER_MANUALS),
)
def boot_other_writer(host: View, limits: Thresholds) -> Iterator[Finding]:
    _boot_files_apply(host)
    from_files = host.boot_values(host.boot_reader)
    if host.boot_files["writers"] is None:
        raise MissingFactError("nobody looked for programs that set keys at boot beside the reader of sysctl.d")
    writers = {one["name"]: one for one in host.boot_files["writers"]}
    failed = False
    for key, end in sorted(host.boot_values(*host.boot_sequence).items()):
        writer, files = writers.get(end.program), from_files.get(key)
        if writer is None or host.has(key) is False:
            continue
        if files and same(SYSCTL_KEYS[key], files.raw, end.raw):
            continue
        failed = True
        running = host.shown(key)
        sysctl_d = f"sysctl.d has {_shown(files)}" if files else "no file in sysctl.d sets it"
        differs = files is not None or running == "unknown" or not same(SYSCTL_KEYS[key], running, end.raw)
        yield Finding(
            "fail",
            key,
            f"{end.program} sets {end.raw!r}{_turn(writer)}; {sysctl_d}",
            "one place that sets the key",
            path=end.setting.real_path,
            line=end.setting.line,
            severity=None if differs else "info",
            evidence={"program": end.program, "started_by": writer["path"], "detail": writer["detail"]},
        )
    for finding in _scripts(host, from_files):
        failed = True
        yield finding
    if not failed:
        yield no_failure(host, "boot files", "no other program is known to set a key at boot", host.unread_scripts())


def _scripts(host: View, from_files: Mapping[str, BootValue]) -> Iterator[Finding]:
    """The lines of scripts that set a key to another value than it would have without them, at a time that nobody can tell."""
    names = {one["name"] for one in host.boot_files["writers"] or () if one["order"] == "unknown"}
    for setting in host.boot_settings(*SYSCTL_KEYS):
        program = next((name for name in setting.file["readers"] if name in names), None)
        if program is None or host.has(setting.key) is False:
            continue
        files = from_files.get(setting.key)
        if files and same(SYSCTL_KEYS[setting.key], files.raw, setting.text):
            continue
        sysctl_d = f"sysctl.d has {_shown(files)}" if files else "no file in sysctl.d sets it"
        yield Finding(
            "fail",
            setting.key,
            f"{program} sets {setting.text!r}, at a time that is not known; {sysctl_d}",
            "one place that sets the key",
            path=setting.path,
            line=setting.line,
            severity=None if files else "info",
            evidence={"program": program},
        )


def _turn(writer: Writer) -> str:
    if writer["order"] == "race":
        return ", most likely last: nothing promises an order"
    return ""


# What a kernel starts with, where it is one of a few values; the fixed ones are in SYSCTL_KEYS. tcp_tw_reuse is 0 on older kernels,
# somaxconn is 128 before 5.4, and the range ended at 61000 before 4.2.
_OTHER_DEFAULTS = {
    TW_REUSE: ("0", "2"),
    PORT_RANGE: ("32768 60999", "32768 61000"),
    SOMAXCONN: ("128", "4096"),
}
_SET_BY_PROFILES = frozenset((TIMESTAMPS, TW_REUSE, PORT_RANGE, RESERVED_PORTS, RFC1337))


@rule(
    "boot-unsaved",
    title="A running value is in no boot file, so it is gone after the next boot",
    severities=everywhere("low"),
    rationale=(
        "The running value is not the one that a kernel starts with, so somebody has set it. No boot file has the key. After the next "
        "boot the host behaves as if it had never been tuned. For keys that the roles of this collection set, the severity is medium. "
        "Values that a kernel computes from the memory of the host (tcp_max_tw_buckets, tcp_mem) are not judged."
    ),
    measured="Linux 6.18: each key with a fixed default has it in a fresh network namespace (this collection's tests look).",
    remedy="Write the key into a file in /etc/sysctl.d, or apply the role of the host's profile, which keeps it.",
    waiver_advice="Accept it where a program sets the key whenever it starts, or an orchestrator whenever it makes the container: name it.",
    references=("sysctl.d(5)",),
)
def boot_unsaved(host: View, limits: Thresholds) -> Iterator[Finding]:
    saved = host.saved_keys()
    about = host.snapshot["host"]
    applies = about["boot_files_apply"] or (about["boot_files_apply"] is None and about["network_namespace"] != "own")
    where = "no boot file sets it" if applies else "nothing is known to set it whenever this network namespace is made"
    unsaved = []
    for key, sysctl_key in sorted(SYSCTL_KEYS.items()):
        defaults = _OTHER_DEFAULTS.get(key) or (() if sysctl_key.default is None else (sysctl_key.default,))
        if not defaults or key in _SET_BY_PROGRAMS or key in saved:
            continue
        try:
            running = host.raw(key)
        except (CannotApplyError, MissingFactError):
            continue
        if not any(same(sysctl_key, default, running) for default in defaults):
            unsaved.append(key)
            severity: Severity | None = "medium" if applies and key in _SET_BY_PROFILES else None
            yield Finding("fail", key, f"{running!r} is running, and {where}", f"a boot file, or {defaults[-1]!r}", severity=severity)
    if not unsaved:
        yield no_failure(host, "boot files", "every key that is not at its default is in some boot file")
