# Copyright (c) 2026 The linux_tcp.hardening authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE to the collection: not for use outside it, may change at any time.

"""What a transaction will do: the keys it writes, in a safe order, the files it replaces, and the record that it leaves.

Planning reads the host and writes nothing.
"""

from __future__ import annotations

import os
from typing import Callable, Dict, Iterable, Mapping, NamedTuple, Optional

from .._sysctl._keys import SYSCTL_KEYS, Accepted, Refused, kernel_reads, same
from ._boot_file import (
    Conflict,
    Planned,
    backup_name,
    comment_out,
    conflicts,
    may_be_edited,
    real_name,
    render,
    set_by_others,
    uncomment,
    values,
    whose,
)
from ._journal import Boot, FileStep, FolderStep, KeyStep, Original, Record, Step
from ._machine import File, Machine, ProfileError
from ._settings import Setting, for_any_kernel, wanted

RANGE = "net.ipv4.ip_local_port_range"
RESERVED = "net.ipv4.ip_local_reserved_ports"
UNPRIVILEGED = "net.ipv4.ip_unprivileged_port_start"
_RECYCLE = "net.ipv4.tcp_tw_recycle"
# What every kernel starts with; the first setting of a boot file meets these.
_AT_BOOT = {RANGE: "32768\t60999", UNPRIVILEGED: "1024", RESERVED: ""}
_IPV4 = "/proc/sys/net/ipv4"


class Options(NamedTuple):
    """The module's options, checked."""

    name: str
    settings: list[Setting]
    present: bool
    scope: str
    on_conflict: str
    reserve_listening_ports: bool
    confirm_seconds: int
    boot_file: str
    claims: list[str]


class Item:
    """What becomes of one key. wanted: a raw value, None where none is. status: "" until something special is known."""

    def __init__(self, key: str, wanted: Optional[str] = None, status: str = "", reason: str = "") -> None:
        self.key = key
        self.wanted = wanted
        self.status = status
        self.reason = reason


class Plan:
    """conflicts: each with whether it is dealt with. after: the record once all steps are done."""

    def __init__(self) -> None:
        self.items: Dict[str, Item] = {}
        self.steps: list[Step] = []
        self.after: Optional[Record] = None
        self.conflicts: list[tuple[Conflict, bool]] = []
        self.lines: Dict[str, str] = {}
        self.reserved_ports: list[int] = []


def make_plan(options: Options, machine: Machine, record: Optional[Record], listening_ports: Callable[[], Iterable[int]]) -> Plan:
    """Raises ProfileError or OSError where the host cannot be read; refused values are in the items' status.

    listening_ports is only called where they are to be reserved.
    """
    return _Planner(options, machine, record, listening_ports).plan


class _Planner:
    """targets: raw values that keys get. lines: the boot file's."""

    def __init__(self, options: Options, machine: Machine, record: Optional[Record], listening_ports: Callable[[], Iterable[int]]) -> None:
        self.options = options
        self.machine = machine
        self.record = record or Record(options.name, {}, None)
        self.listening_ports = listening_ports
        self.plan = Plan()
        self.targets: Dict[str, str] = {}
        self.bounded: set[str] = set()
        self.back: set[str] = set()
        self.live = options.scope != "boot"
        boot_file = machine.file(options.boot_file) if options.scope != "runtime" else None
        self.boot_values = values(boot_file.text) if boot_file else {}

        keys, boot = self.record.keys, self.record.boot
        if options.present:
            self.settings()
        if self.live:
            if options.present and options.reserve_listening_ports:
                self.reserve()
            self.back_to_originals()
            self.key_steps()
            keys = {key: self.original(key, target) for key, target in self.targets.items() if key not in self.back}
        elif options.present:
            self.check_boot_values()
        if options.scope != "runtime" and not self.refused():
            boot = self.boot_steps()
        if keys or boot:
            self.plan.after = Record(options.name if options.present else self.record.name, keys, boot)

    def refused(self) -> bool:
        return any(item.status == "refused" for item in self.plan.items.values())

    def item(self, key: str, wanted: Optional[str] = None, status: str = "", reason: str = "") -> None:
        self.plan.items[key] = Item(key, wanted, status, reason)

    def raw(self, key: str) -> Optional[str]:
        """The live value; for an image build, where /proc/sys may be anything, as far as there is one."""
        try:
            return self.machine.key(key)
        except OSError:
            if self.live:
                raise
            return None

    # Keys

    def settings(self) -> None:
        if self.live and self.machine.disk.tree.kind(_IPV4) == "missing":
            raise ProfileError(f"there is no {_IPV4} here; for an image build without a kernel use scope: boot")
        # An image boots elsewhere: with memory and a kernel that nobody knows.
        memory = self.machine.disk.memory_bytes() if self.live and any(one.bytes_each for one in self.options.settings) else None
        at_boot = {} if self.live else self.at_boot()
        for setting in self.options.settings:
            key = setting.sysctl_key.name
            now = self.raw(key)
            if setting.text is None and not setting.bound:
                self.item(key, None, "left_alone", "its setting is null")
                continue
            answer = wanted(setting, now, memory) if self.live else wanted(for_any_kernel(setting), at_boot.get(key), memory)
            if isinstance(answer, Refused):
                self.item(key, setting.text, "refused", answer.reason)
                continue
            self.item(key, answer.raw)
            if now is None and (self.live or key == _RECYCLE):
                self.plan.items[key].status, self.plan.items[key].reason = "absent", "this kernel does not have it"
                continue
            self.targets[key] = str(answer.raw)
            if setting.bound:
                self.bounded.add(key)

    def at_boot(self) -> Dict[str, str]:
        """What the boot files set of the keys with a bound, ours before all others."""
        keys = [one.sysctl_key.name for one in self.options.settings if one.bound]
        others = set_by_others(self.machine.disk.tree, self.options.boot_file, keys) if keys else {}
        return {**others, **self.boot_values}

    def reserve(self) -> None:
        """Listeners inside the range keep their ports from connections that look for one."""
        now, span = self.raw(RESERVED), self.targets.get(RANGE) or self.raw(RANGE)
        if now is None or not span:
            return
        low, high = map(int, span.split())
        base = self.targets.get(RESERVED, now)
        ports = sorted(port for port in set(self.listening_ports()) if low <= port <= high)
        new = [port for port in ports if _has_more(str(port), base)]
        self.plan.reserved_ports = new
        held = self.record.keys.get(RESERVED)
        if new or RESERVED in self.targets or held:
            answer = kernel_reads(SYSCTL_KEYS[RESERVED], ",".join([base, *map(str, new)] if base else map(str, new)))
            if isinstance(answer, Accepted):
                self.item(RESERVED, answer.raw)
                self.targets[RESERVED] = str(answer.raw)

    def back_to_originals(self) -> None:
        """Keys that the profile has no more get the value from before it, unless somebody has changed them since."""
        for key, original in self.record.keys.items():
            given = self.plan.items.get(key)
            if key in self.targets or (given and given.status != "left_alone"):
                continue
            now = self.raw(key)
            self.item(key, original.before)
            item = self.plan.items[key]
            if now is None or key not in SYSCTL_KEYS:
                item.status, item.reason = "absent", "this kernel does not have it any more"
            elif same(SYSCTL_KEYS[key], now, original.before):
                pass
            elif same(SYSCTL_KEYS[key], now, original.ours):
                self.targets[key] = original.before
                self.back.add(key)
                item.reason = "back to what it was before the profile"
            else:
                item.status = "left_alone"
                past = f"the profile had set {flat(original.ours)}, before it was {flat(original.before)}"
                item.reason = f"somebody has set it to {flat(now)} since; {past}"

    def key_steps(self) -> None:
        now = {key: self.raw(key) or "" for key in self.targets}
        needed = {key: raw for key, raw in self.targets.items() if not same(SYSCTL_KEYS[key], now[key], raw)}
        for key, reason in self.try_out(needed, {}).items():
            item = self.plan.items[key]
            item.status, item.reason = ("left_alone", f"it cannot go back: {reason}") if key in self.back else ("refused", reason)
            del needed[key]
        self.plan.steps += [KeyStep(key, now[key], needed[key]) for key in in_order(needed, now)]

    def original(self, key: str, target: str) -> Original:
        old = self.record.keys.get(key)
        now = self.machine.key(key) or ""
        # Within a bound the value is whoever set it: the profile only takes back what it wrote itself.
        if old and key in self.bounded and same(SYSCTL_KEYS[key], now, target):
            return old
        return Original(old.before if old else now, target)

    def try_out(self, targets: Mapping[str, str], known: Mapping[str, str]) -> Dict[str, str]:
        """Why the kernel would refuse the writes, by key. known: values that are not those of the live host."""
        reasons = {}
        now: Dict[str, Optional[str]] = {}
        for key in (*targets, RANGE, UNPRIVILEGED):
            if key not in now and targets:
                now[key] = known.get(key) if known else self.raw(key)
        for key in in_order(targets, now):
            # Kernels before 4.11 have no bound for the range.
            others = {RANGE: now[RANGE] or "", UNPRIVILEGED: now[UNPRIVILEGED] or "1"}
            answer = kernel_reads(SYSCTL_KEYS[key], targets[key], now[key], others)
            if isinstance(answer, Refused):
                reasons[key] = answer.reason
            else:
                now[key] = answer.raw
        return reasons

    def check_boot_values(self) -> None:
        for key, reason in self.try_out(self.targets, _AT_BOOT).items():
            item = self.plan.items[key]
            item.status, item.reason = "refused", reason

    # Files

    def boot_lines(self) -> Dict[str, str]:
        """The lines in an order in which no reader is refused at boot, where the kernel's defaults are what they meet."""
        lines = {}
        if self.options.present:
            ours = {key: raw for key, raw in self.targets.items() if key not in self.back}
            for key in in_order(ours, _AT_BOOT):
                dash = "-" if self.raw(key) is None else ""
                lines[dash + key] = flat(ours[key])
        return lines

    def boot_steps(self) -> Optional[Boot]:
        path, machine, old = self.options.boot_file, self.machine, self.record.boot
        folder = path.rpartition("/")[0]
        lines = self.boot_lines()
        now = machine.file(path)
        owner = whose(now.text) if now else ""
        original = old.original if old else now if owner == "foreign" else None
        if lines:
            machine.disk.refuse_borrowed_folder(folder)
            after: Optional[File] = File(render(self.options.name, self.options.claims, lines), 0o644, os.geteuid(), os.getegid())
        else:
            after = original
        made_folder = old.made_folder if old else bool(lines) and not machine.disk.is_folder(folder)
        if now != after:
            if lines and not machine.disk.is_folder(folder):
                self.plan.steps.append(FolderStep(folder, True))
            if now and (owner == "edited" or (old and owner == "foreign" and now != original)):
                backup = backup_name(path, now.text)
                if machine.file(backup) is None:
                    self.plan.steps.append(FileStep(backup, None, now))
            self.plan.steps.append(FileStep(path, now, after))
        commented = self.other_files({key.lstrip("-"): value for key, value in lines.items()}, after)
        if not lines and made_folder and not after:
            self.plan.steps.append(FolderStep(folder, False))
        return Boot(original, made_folder, commented) if lines else None

    def other_files(self, ours: Mapping[str, str], boot_file: Optional[File]) -> Dict[str, str]:
        """Steps for lines of other files; returns these files as they are without our comments."""
        boot = self.record.boot
        plain: Dict[str, str] = {}
        for path in boot.commented if boot else ():
            file = self.machine.file(path)
            if file:
                plain[path] = uncomment(file.text, self.options.boot_file)
        texts = dict(plain)
        if ours and boot_file:
            self.plan.lines = dict(ours)
            found = self.conflicts(ours, boot_file, texts)
            if found and self.options.on_conflict == "comment_out":
                texts.update(self.commented_out(found, plain))
                left = self.conflicts(ours, boot_file, texts)
                self.plan.conflicts = [(one, one not in left) for one in found]
            else:
                self.plan.conflicts = [(one, False) for one in found]
        for path, text in texts.items():
            file = self.machine.file(path)
            if file and file.text != text:
                self.plan.steps.append(FileStep(path, file, file._replace(text=text)))
        return {path: plain[path] for path in texts if texts[path] != plain[path]}

    def conflicts(self, ours: Mapping[str, str], boot_file: File, texts: Mapping[str, str]) -> list[Conflict]:
        host = self.machine.disk.tree
        real = real_name(host, self.options.boot_file)
        seen = {path: file.text if file else None for path, file in self.machine.files.items() if path != self.options.boot_file}
        return conflicts(Planned(host, {**seen, **texts, real: boot_file.text}), real, ours)

    def commented_out(self, found: list[Conflict], plain: Dict[str, str]) -> Dict[str, str]:
        lines: Dict[str, set[int]] = {}
        for one in found:
            if one.line is not None and may_be_edited(one.path):
                lines.setdefault(one.path, set()).add(one.line)
        texts = {}
        for path, numbers in lines.items():
            try:
                self.machine.disk.refuse_borrowed_folder(path.rpartition("/")[0])
            except ProfileError:
                continue
            file = self.machine.file(path)
            if file:
                text = plain.setdefault(path, file.text)
                texts[path] = comment_out(text, numbers, self.options.boot_file)
        return texts


def in_order(targets: Mapping[str, str], now: Mapping[str, Optional[str]]) -> list[str]:
    """Keys in an order in which no write is refused, or leaves a port open to others, because of one that comes later.

    The range may not reach below the unprivileged start: the one goes up first, or the other down. Ports are reserved before
    the range gets wider, and let go after it got narrower.
    """

    def rank(key: str) -> int:
        if key == UNPRIVILEGED:
            return 3 if int(targets[key]) > int(now.get(key) or 0) else 1
        if key == RESERVED:
            return 0 if _has_more(targets[key], now.get(key) or "") else 4
        return 2

    return sorted(targets, key=rank)


def _has_more(ports: str, than: str) -> bool:
    both = kernel_reads(SYSCTL_KEYS[RESERVED], f"{ports},{than}" if ports and than else ports + than)
    return isinstance(both, Accepted) and both.raw != than


def flat(raw: Optional[str]) -> str:
    """A raw value on one line, as boot files and people write it."""
    return " ".join((raw or "").split())
