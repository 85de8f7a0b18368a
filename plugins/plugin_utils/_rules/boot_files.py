# Copyright (c) 2026 The linux_tcp.hardening authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE to the collection: not for use outside it, may change at any time.

"""Boot files: what the next boot will make of the host, and what nobody will ever read."""

from __future__ import annotations

import difflib
import re
import typing as t

from ...module_utils._sysctl import _boot_order as boot_order
from ...module_utils._sysctl._keys import KNOWN_IPV4_NAMES, SYSCTL_KEYS, Refused, kernel_reads, same
from ...module_utils._sysctl._lines import READERS
from ._base import CannotApplyError, Finding, MissingFactError, everywhere, rule
from ._boot import no_failure
from ._view import IPV4, TW_RECYCLE, concerns_tcp

if t.TYPE_CHECKING:
    from collections.abc import Iterator

    from ...module_utils._sysctl._keys import Accepted, SysctlKey
    from .._results import Severity
    from ._base import Thresholds
    from ._view import Booted, Setting, View

_READERS = ("sysctl.d(5)", "systemd-sysctl(8)", "sysctl(8)")
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
    title="The running value is not what boot would set",
    severities=everywhere("medium"),
    rationale=(
        "Somebody changed the running kernel and not the files, or the files and not the kernel. The host will "
        "behave differently after its next reboot, which tends to come at the worst time. Keys that firewalls, "
        "container engines and kube-proxy set whenever they start (forwarding, rp_filter, some of conntrack's) count as low."
    ),
    remedy=(
        "Decide which of the two is right: write it into the file named here (or remove the line), and set the running value to the same."
    ),
    waiver_advice=(
        "Accept it while an experiment runs, with a date. A program that sets the key at start-up is another good reason: name it."
    ),
    references=_READERS,
)
def boot_differs(host: View, limits: Thresholds) -> Iterator[Finding]:
    _boot_files_apply(host)
    failed = False
    for key, booted in sorted(host.booted(host.boot_reader).items()):
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
            f"running {running!r}, boot would set {booted.raw!r}",
            "the same value in both",
            path=booted.setting.real_path,
            line=booted.setting.line,
            severity="low" if key in _SET_BY_PROGRAMS else None,
            evidence={"reader": host.boot_reader},
        )
    if not failed:
        yield no_failure(host, "boot files", "every key that boot would set has that value now")


def _boot_files_apply(host: View) -> None:
    """Raise unless boot sets the keys of the namespace that was observed."""
    about = host.snapshot["host"]
    if about["boot_files_apply"] is False:
        raise CannotApplyError("this network namespace is not the one that was set up at boot")
    if about["boot_files_apply"] is None and about["network_namespace"] == "own":
        raise MissingFactError("whether boot sets the keys of this network namespace is unknown")


@rule(
    "boot-readers-disagree",
    title="systemd-sysctl and sysctl --system would set different values",
    severities=everywhere("low"),
    rationale=(
        "At boot systemd-sysctl reads the files; administrators, packages and the documentation run `sysctl "
        "--system`. The two read different files in a different order: procps reads /etc/sysctl.conf last, systemd "
        "does not read it at all unless a link in /etc/sysctl.d points to it. So the value changes with whoever was"
        " last."
    ),
    measured="systemd 252 and procps 4.0.2, compared on many made-up file trees by this collection's own tests.",
    remedy=("Set the key in one file only, in /etc/sysctl.d with a name that sorts last (99-…), and remove it from the others."),
    waiver_advice="Accept it where one of the two readers never runs on this host.",
    references=_READERS,
)
def boot_readers_disagree(host: View, limits: Thresholds) -> Iterator[Finding]:
    systemd, procps = host.booted("systemd"), host.booted("procps")
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
            f"systemd-sysctl sets {_told(first)}, sysctl --system sets {_told(second)}",
            "the same value from both",
            path=blamed.setting.real_path,
            line=blamed.setting.line,
        )
    if not failed:
        yield no_failure(host, "boot files", "both readers would set the same values")


def _told(booted: Booted | None) -> str:
    return "nothing" if booted is None else f"{booted.raw!r} ({booted.setting.path}:{booted.setting.line})"


@rule(
    "boot-shadowed",
    title="A boot file's setting is overridden by a later file",
    severities=everywhere("low"),
    rationale=(
        "Whoever edits the earlier file will see no effect after the next boot. This is how a good value from a "
        "package or a role gets lost to a forgotten file with a higher number."
    ),
    remedy=("Keep the key in one file. If the later file is right, remove the earlier line; if not, remove the later one."),
    waiver_advice=(
        "Accept it where the earlier file belongs to a tool that rewrites it. Vendor files overridden from /etc are not reported."
    ),
    references=_READERS,
)
def boot_shadowed(host: View, limits: Thresholds) -> Iterator[Finding]:
    shadowed: dict[tuple[str, str, int], Finding] = {}
    for reader in READERS:
        for lost in boot_order.earlier(host.boot_files, reader, host.known_keys):
            if not concerns_tcp(lost.key) or lost.path == lost.by_path or lost.value is None or lost.by_value is None:
                continue
            if _same_text(lost.key, lost.value, lost.by_value):
                continue
            if _VENDOR_FILE.search(lost.path) and _ADMIN_FILE.search(lost.by_path):
                continue
            shadowed.setdefault(
                (lost.key, lost.path, lost.line),
                Finding(
                    "fail",
                    lost.key,
                    f"{lost.value!r} is overridden by {lost.by_value!r} ({lost.by_path}:{lost.by_line})",
                    "one file that sets the key",
                    path=lost.path,
                    line=lost.line,
                    evidence={"reader": reader},
                ),
            )
    yield from shadowed.values()
    if not shadowed:
        yield no_failure(host, "boot files", "no file overrides another file's value")


@rule(
    "boot-duplicate",
    title="One boot file sets a key twice with different values",
    severities=everywhere("low"),
    rationale=(
        "The last line wins, but people and tools read the first. Scripts that append to a file on every run leave "
        "such pairs; tools that rewrite the file may keep the other one and change the value without being asked."
    ),
    measured=("ansible.posix.sysctl 2.1.0 keeps the first of two lines when it rewrites a file for another key: 15 became 60."),
    remedy="Keep one line with the value that you want and delete the other.",
    waiver_advice="There is nothing to gain from keeping both; correct it rather than accept it.",
    references=_READERS,
)
def boot_duplicate(host: View, limits: Thresholds) -> Iterator[Finding]:
    failed = False
    for file in host.boot_files["files"]:
        if not file["readers"] or file["real_path"] != file["path"]:
            continue
        seen: dict[str, Setting] = {}
        for setting in host.settings_in(file):
            if setting.assignment["is_glob"]:
                continue
            before = seen.get(setting.key)
            if before is not None and not _same_text(setting.key, before.text, setting.text):
                failed = True
                yield Finding(
                    "fail",
                    setting.key,
                    f"{before.text!r} in line {before.line}, {setting.text!r} in line {setting.line}",
                    "one line",
                    path=file["path"],
                    line=setting.line,
                )
            seen[setting.key] = setting
    if not failed:
        yield no_failure(host, "boot files", "no file sets a key twice with different values")


def _same_text(key: str, first: str, second: str) -> bool:
    return first == second or (key in SYSCTL_KEYS and same(SYSCTL_KEYS[key], first, second))


@rule(
    "boot-unknown-key",
    title="A boot file sets a TCP key that this kernel lacks",
    severities=everywhere("low"),
    rationale=(
        "A misspelt key does nothing, and neither does one that this kernel never had or no longer has. "
        "systemd-sysctl warns in the journal and goes on; `sysctl -p` and `sysctl --system` end with exit code 1."
    ),
    measured="procps 4.0.2 and systemd 252 on Linux 6.18: the other lines of the file are still applied.",
    remedy=(
        "Correct the name, or delete the line. Where the file serves many kernels, start the line with `-`: then a missing key is no error."
    ),
    waiver_advice="Accept it for a file that is shared with hosts whose kernel has the key.",
    references=_READERS,
)
def boot_unknown_key(host: View, limits: Thresholds) -> Iterator[Finding]:
    failed = False
    names = host.snapshot["ipv4_keys"]
    for setting in host.settings():
        key = setting.key
        name = key[len(IPV4) :]
        if key == TW_RECYCLE or setting.assignment["is_glob"] or setting.assignment["ignore_failure"]:
            continue
        if not name.startswith(("tcp_", "ip_local_")) or not key.startswith(IPV4):
            continue
        # Another kernel, or the initial namespace, may have it: then only a name that no kernel ever had is wrong for sure.
        known = KNOWN_IPV4_NAMES if names is None or host.snapshot["host"]["network_namespace"] == "own" else names
        if name in known or host.has(key):
            continue
        failed = True
        meant = difflib.get_close_matches(name, sorted({*KNOWN_IPV4_NAMES, *(names or ())} - {name}), n=1, cutoff=0.8)
        near = meant[0] if meant and name not in KNOWN_IPV4_NAMES else None
        yield Finding(
            "fail",
            key,
            f"{'no kernel has' if name not in KNOWN_IPV4_NAMES else 'this kernel lacks'} {name}"
            + (f"; {near} may have been meant" if near else ""),
            f"{IPV4}{near}" if near else "a key that this kernel has",
            path=setting.path,
            line=setting.line,
        )
    if not failed:
        yield no_failure(host, "boot files", "every TCP key in the boot files is known")


@rule(
    "boot-refused-value",
    title="The kernel would refuse a boot file's value, or read something else",
    severities=everywhere("medium"),
    rationale=(
        "Nothing checks a boot file before the boot. A value with quotes, a range with a dash or a number out of "
        "bounds is refused and the key keeps what it had; of a range with one number only the low end is set; a "
        "second word after a number is ignored without a word; a comment behind the value becomes part of it."
    ),
    measured=("Linux 6.18: the texts are judged as that kernel reads them, compared with it text by text in this collection's own tests."),
    remedy=(
        "Write the value as the kernel reads it: plain numbers, two of them with a blank for a range, no quotes, "
        "comments on their own line."
    ),
    waiver_advice="There is nothing to gain from such a line; correct it rather than accept it.",
    references=_READERS,
)
def boot_refused_value(host: View, limits: Thresholds) -> Iterator[Finding]:
    failed = False
    bounds = host.bounding_values()
    for setting in host.settings():
        sysctl_key = SYSCTL_KEYS.get(setting.key)
        if sysctl_key is None:
            continue
        read = kernel_reads(sysctl_key, setting.text, host.told(setting.key), bounds)
        severity: Severity | None = None
        if isinstance(read, Refused):
            trouble = read.reason
        elif not read.note or _is_hexadecimal(setting.text):
            continue
        else:
            trouble = read.note
            if _only_a_comment_follows(sysctl_key, setting.text, read):
                severity = "low"
        failed = True
        yield Finding(
            "fail",
            setting.key,
            f"{setting.text!r}: {trouble}",
            "a value that the kernel reads as it stands",
            path=setting.path,
            line=setting.line,
            severity=severity,
        )
    if not failed:
        yield no_failure(host, "boot files", "the kernel would read every value as it stands")


def _is_hexadecimal(text: str) -> bool:
    """0x10 means the same to the kernel and to whoever wrote it; 010 does not."""
    return text.strip().lower().startswith("0x")


def _only_a_comment_follows(sysctl_key: SysctlKey, text: str, read: Accepted) -> bool:
    """Whether the kernel reads what was meant, and ignores no more than a comment behind it."""
    words = text.split()
    numbers = words[: 2 if sysctl_key.kind == "range" else sysctl_key.count]
    return words[len(numbers) : len(numbers) + 1] != [] and words[len(numbers)][0] in "#;" and (read.raw or "").split() == numbers


@rule(
    "boot-file-unread",
    title="A file holds TCP settings and nothing reads it at boot",
    severities=everywhere("medium"),
    rationale=(
        "The settings were written down and will never take effect: the file's name does not end in .conf, or it is"
        " /etc/sysctl.conf on a host where only systemd-sysctl runs at boot and no link in /etc/sysctl.d leads to "
        "it (Debian 13 and others dropped that link)."
    ),
    measured="systemd 252: /etc/sysctl.conf without the link 99-sysctl.conf is not opened.",
    remedy=("Move the settings to a file in /etc/sysctl.d whose name ends in .conf, or delete the file if they are not wanted."),
    waiver_advice="Accept it where another program reads the file at boot; name that program.",
    references=_READERS,
)
def boot_file_unread(host: View, limits: Thresholds) -> Iterator[Finding]:
    failed = False
    for file in host.boot_files["files"]:
        keys = sorted({setting.key for setting in host.settings_in(file)})
        if not keys:
            continue
        why = None
        if file["unread_because"] == "name":
            why = "its name does not end in .conf"
        elif file["unread_because"] == "not_linked" or (
            file["path"] == "/etc/sysctl.conf" and host.snapshot["host"]["init"] == "systemd" and not _linked(host, file["path"])
        ):
            why = "no link in a sysctl.d folder leads to it, and systemd-sysctl reads nothing else"
        if why is None:
            continue
        failed = True
        yield Finding(
            "fail",
            file["path"],
            f"sets {', '.join(keys[:5])}{' and more' if len(keys) > 5 else ''}, but {why}",
            "a name in /etc/sysctl.d that ends in .conf",
            path=file["path"],
            line=min(setting.assignment["line"] for setting in host.settings_in(file)),
            evidence={"keys": len(keys)},
        )
    if not failed:
        yield no_failure(host, "boot files", "every file with TCP settings is read at boot")


def _linked(host: View, path: str) -> bool:
    return any(file["real_path"] == path and "systemd" in file["readers"] for file in host.boot_files["files"])
