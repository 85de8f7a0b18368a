# Copyright (c) 2026 The linux_tcp.hardening authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE to the collection: not for use outside it, may change at any time.

"""Lines of boot files that do not do what they say: written twice, misspelt, refused by the kernel, or read by nobody."""

from __future__ import annotations

import difflib
import typing as t

from ...module_utils._sysctl._boot_files import PIPE
from ...module_utils._sysctl._boot_writers import OWN_SYNTAX
from ...module_utils._sysctl._keys import KNOWN_IPV4_NAMES, SYSCTL_KEYS, Refused, kernel_reads
from ...module_utils._sysctl._lines import READERS
from ._base import Finding, MissingFactError, everywhere, rule
from ._boot import READER_MANUALS, no_failure, same_text
from ._view_boot import IPV4
from ._view_keys import TW_RECYCLE, TW_TIMEOUT, UNPRIVILEGED_PORT_START

if t.TYPE_CHECKING:
    from collections.abc import Iterator

    from ...module_utils._sysctl._keys import Accepted, SysctlKey
    from .._results import Severity
    from ._base import Thresholds
    from ._view import View
    from ._view_boot import BootSetting

_MOST_GUESSES = 50
"""A guess at what a misspelt key meant compares it with each known one; a file made to keep us busy has thousands of them."""


@rule(
    "boot-duplicate",
    title="One boot file sets a key twice with different values",
    severities=everywhere("low"),
    rationale=(
        "The last line wins, but people and tools read the first one. Scripts that append to a file on every run leave such "
        "pairs. A tool that rewrites the file may keep the other line, and so change the value although nobody asked for it."
    ),
    measured="ansible.posix.sysctl 2.1.0 keeps the first of two lines when it rewrites a file for another key: 15 became 60.",
    remedy="Keep one line with the value that you want, and delete the other.",
    waiver_advice="Fix it; do not waive it.",
    references=READER_MANUALS,
)
def boot_duplicate(host: View, limits: Thresholds) -> Iterator[Finding]:
    failed = False
    for file in host.boot_files["files"]:
        # A script that sets a key twice may do so in two branches.
        if set(file["readers"]) <= set(OWN_SYNTAX) or file["real_path"] != file["path"]:
            continue
        seen: dict[str, BootSetting] = {}
        for setting in host.boot_settings_in(file):
            if setting.assignment["is_glob"]:
                continue
            before = seen.get(setting.key)
            if before is not None and not same_text(setting.key, before.text, setting.text):
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


@rule(
    "boot-unknown-key",
    title="A boot file sets a TCP key that this kernel does not have",
    severities=everywhere("low"),
    rationale=(
        "A misspelt key does nothing. Nor does a key that this kernel never had or no longer has. systemd-sysctl warns in the "
        "journal and goes on; `sysctl -p` and `sysctl --system` end with an error."
    ),
    measured="procps 4.0.2 and systemd 252 on Linux 6.18: the other lines of the file are still applied.",
    remedy=(
        "Correct the name, or delete the line. If the file is for many kernels, start the line with `-`: then a missing key is no error "
        "for systemd-sysctl. `sysctl -p` ends with an error all the same; `sysctl -e -p` does not."
    ),
    waiver_advice="Accept it for a file that is shared with hosts whose kernel has the key.",
    references=READER_MANUALS,
)
def boot_unknown_key(host: View, limits: Thresholds) -> Iterator[Finding]:
    braces = list(_braces(host))
    yield from braces
    failed = bool(braces)
    names = None if host.snapshot["ipv4_keys"] is None else set(host.snapshot["ipv4_keys"])
    possible = sorted({*KNOWN_IPV4_NAMES, *(names or ())})
    guesses_left = _MOST_GUESSES
    for setting in host.boot_settings():
        key = setting.key
        name = key[len(IPV4) :]
        # These have rules of their own.
        if key in (TW_RECYCLE, TW_TIMEOUT) or setting.assignment["is_glob"] or setting.assignment["ignore_failure"]:
            continue
        if not name.startswith(("tcp_", "ip_local_")) or not key.startswith(IPV4):
            continue
        # Another kernel, or the initial namespace, may have it: then only a name that no kernel ever had is wrong for sure.
        known = KNOWN_IPV4_NAMES if names is None or host.snapshot["host"]["network_namespace"] == "own" else names
        if name in known or host.has(key):
            continue
        failed = True
        near = None
        if name not in KNOWN_IPV4_NAMES and guesses_left > 0:
            guesses_left -= 1
            near = next((one for one in difflib.get_close_matches(name, possible, n=2, cutoff=0.8) if one != name), None)
        yield Finding(
            "fail",
            key,
            f"{'no kernel has' if name not in KNOWN_IPV4_NAMES else 'this kernel does not have'} {name}"
            + (f"; did you mean {near}?" if near else ""),
            f"{IPV4}{near}" if near else "a key that this kernel has",
            path=setting.path,
            line=setting.line,
        )
    if not failed:
        yield no_failure(host, "boot files", "this kernel has every TCP key of the boot files, as far as known")


def _braces(host: View) -> Iterator[Finding]:
    """The lines whose key has {a,b} and no other sign of a pattern: every reader takes the braces for a part of the name."""
    seen = set()
    for file in host.boot_files["files"]:
        for line in file["assignments"] if file["readers"] else ():
            place = file["real_path"], line["line"]
            if line["is_glob"] or "{" not in line["key"] or not line["key"].startswith(IPV4) or place in seen:
                continue
            seen.add(place)
            why = "no kernel has a key with braces; {a,b} is a pattern only in a key with *, ? or [, and only for systemd-sysctl"
            yield Finding("fail", line["key"], why, "one line for each key", path=place[0], line=place[1])


@rule(
    "boot-refused-value",
    title="The kernel would refuse a boot file's value, or read it as another one",
    severities=everywhere("medium"),
    rationale=(
        "Nothing checks a boot file before the boot. The kernel refuses a value with quotes, a range with a dash, or a number "
        "out of bounds, and the key keeps its old value. Of a range with one number, it sets only the low end. It ignores a "
        "second word after a number without an error. A comment after the value becomes part of the value."
    ),
    measured="Linux 6.18: this collection's tests compare its reading of such texts with that kernel's, text by text.",
    remedy=(
        "Write the value as the kernel reads it: plain numbers, for a range two of them with a blank between, no quotes, "
        "comments on their own line."
    ),
    waiver_advice="Fix it; do not waive it.",
    references=READER_MANUALS,
)
def boot_refused_value(host: View, limits: Thresholds) -> Iterator[Finding]:
    failed = False
    refusals = _refused_in_turn(host)
    for setting in host.boot_settings():
        sysctl_key = SYSCTL_KEYS.get(setting.key)
        if sysctl_key is None:
            continue
        # What another key lets through depends on when the line has its turn.
        read = kernel_reads(sysctl_key, setting.text, host.shown(setting.key), {UNPRIVILEGED_PORT_START: "0"})
        severity: Severity | None = None
        if isinstance(read, Refused):
            problem = read.reason
        elif (setting.path, setting.line, setting.key) in refusals:
            problem = refusals[setting.path, setting.line, setting.key]
        elif not read.note or _is_hexadecimal(setting.text):
            continue
        else:
            problem = read.note
            if _only_a_comment_follows(sysctl_key, setting.text, read):
                severity = "low"
        failed = True
        yield Finding(
            "fail",
            setting.key,
            f"{setting.text!r}: {problem}",
            "a value that the kernel reads as it is written",
            path=setting.path,
            line=setting.line,
            severity=severity,
        )
    if not failed:
        yield no_failure(host, "boot files", "the kernel reads every value as it is written")


def _refused_in_turn(host: View) -> dict[tuple[str, int, str], str]:
    """Why the kernel refuses a line when a boot comes to it, by path, line and key."""
    try:
        boots = [host.boot_writes(*host.boot_sequence)]
    except MissingFactError:
        boots = [host.boot_writes(reader) for reader in READERS]
    return {
        (write.text.real_path, write.text.line, write.key): write.answer.reason
        for writes in boots
        for write in writes
        if isinstance(write.answer, Refused)
    }


def _is_hexadecimal(text: str) -> bool:
    """0x10 means the same to the kernel and to whoever wrote it; 010 does not."""
    return text.strip().lower().startswith("0x")


def _only_a_comment_follows(sysctl_key: SysctlKey, text: str, read: Accepted) -> bool:
    """Whether the kernel reads what was meant, and ignores no more than a comment behind it."""
    words = text.split()
    numbers = words[: 2 if sysctl_key.kind == "range" else sysctl_key.numbers]
    return words[len(numbers) : len(numbers) + 1] != [] and words[len(numbers)][0] in "#;" and (read.raw or "").split() == numbers


@rule(
    "boot-file-unread",
    title="A file has TCP settings, but nothing reads it at boot",
    severities=everywhere("medium"),
    rationale=(
        "The settings will never take effect. Either the file's name does not end in .conf, or it is /etc/sysctl.conf on a host "
        "where only systemd-sysctl runs at boot and no link in /etc/sysctl.d points to it (Debian 13 and others removed that "
        "link). Or its name ends in .conf, but it is a named pipe: the reader waits at it for ever, and no file after it is read."
    ),
    measured=(
        "systemd 252 does not open /etc/sysctl.conf without the link 99-sysctl.conf. It waits at a named pipe until it is ended, and "
        "so does sysctl --system of procps 4.0.2."
    ),
    remedy="Move the settings to a file in /etc/sysctl.d whose name ends in .conf. If nobody wants them, delete the file.",
    waiver_advice="Accept it if another program reads the file at boot; name that program.",
    references=READER_MANUALS,
)
def boot_file_unread(host: View, limits: Thresholds) -> Iterator[Finding]:
    failed = False
    for file in host.boot_files["files"]:
        if file["reason"] == PIPE and file["readers"]:
            failed = True
            yield Finding("fail", file["path"], f"is {PIPE}, so the boot stands still there", "a file", path=file["path"], severity="high")
        keys = sorted({setting.key for setting in host.boot_settings_in(file)})
        if not keys:
            continue
        why = None
        if file["unread_because"] == "name":
            why = "its name does not end in .conf"
        elif file["path"] == "/etc/sysctl.conf" and host.snapshot["host"]["init"] == "systemd" and not _linked(host, file["path"]):
            why = "systemd-sysctl does not read it: no link in a sysctl.d folder points to it"
        if why is None:
            continue
        failed = True
        yield Finding(
            "fail",
            file["path"],
            f"sets {', '.join(keys[:5])}{' and more' if len(keys) > 5 else ''}, but {why}",
            "a file in /etc/sysctl.d whose name ends in .conf",
            path=file["path"],
            line=min(setting.assignment["line"] for setting in host.boot_settings_in(file)),
            evidence={"keys": len(keys)},
        )
    if not failed:
        yield no_failure(host, "boot files", "every file with TCP settings is read at boot")


def _linked(host: View, path: str) -> bool:
    """Whether systemd-sysctl or another program that runs at boot reads the file."""
    readers = {reader for file in host.boot_files["files"] if file["real_path"] == path for reader in file["readers"]}
    return not readers <= {"procps"}
