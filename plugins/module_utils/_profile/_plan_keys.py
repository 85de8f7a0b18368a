# Copyright (c) 2026 The linux_tcp.hardening authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE to the collection: not for use outside it, may change at any time.

"""Plan keys: which keys get which value, in an order that the kernel takes, and what of each is remembered. Pure: reads nothing."""

from __future__ import annotations

from typing import Dict, Mapping, NamedTuple, Optional, Sequence

from .._sysctl._interfaces import LAST_RANK, may_spread, spread_rank
from .._sysctl._keys import Accepted, Refused, kernel_reads, same, sysctl_key
from ._boot_file import set_by_others, values
from ._observe import CONGESTION, Observed
from ._options import Options
from ._reserved_ports import RANGE, RESERVED, UNPRIVILEGED, Reservation, reserve
from ._settings import for_any_kernel, wanted
from ._steps import KeyStep, Original, Record, flat

_UNCHECKED = "the collection does not know this key, so nothing has checked its value; where the kernel refuses it, boot goes on without it"
_RECYCLE = "net.ipv4.tcp_tw_recycle"
# What every kernel starts with; the first setting of a boot file meets these.
AT_BOOT = {RANGE: "32768\t60999", UNPRIVILEGED: "1024", RESERVED: ""}


class Item(NamedTuple):
    """What becomes of one key. wanted: a raw value, None where none is. status: as the module returns it, "" for changed or ok."""

    key: str
    wanted: Optional[str] = None
    status: str = ""
    reason: str = ""


class KeyPlan(NamedTuple):
    """items: by key, in the order of the settings. targets: raw values that keys get from the profile. steps: the writes, in order.

    originals: what is remembered of the keys afterwards. reserved_ports: those that are added to ip_local_reserved_ports.
    """

    items: Dict[str, Item]
    targets: Dict[str, str]
    steps: list[KeyStep]
    originals: Dict[str, Original]
    reserved_ports: list[int]


def plan_keys(options: Options, observed: Observed, record: Record) -> KeyPlan:
    """What becomes of the keys. What the kernel would refuse is in the items' status."""
    items, targets = _settings(options, observed)
    reservation = _reserve(observed, items, targets, record)
    reserved_ports = reservation.added if reservation else []
    if not options.live:
        for key, reason in _refused(targets, AT_BOOT).items():
            items[key] = items[key]._replace(status="refused", reason=reason)
        return KeyPlan(items, targets, [], record.keys, reserved_ports)

    if options.boot and options.present:
        for key, reason in _refused(targets, _before_ours(options, observed)).items():
            items[key] = items[key]._replace(status="refused", reason=f"at the next boot {reason}")
    back, returning = _back_to_originals(observed, record, items, targets)
    items.update(back)
    steps = _steps(observed, {**targets, **returning}, items, returning)
    bounded = {setting.sysctl_key.name for setting in options.settings if setting.bound}
    originals = {key: _original(observed, record, key, raw, key in bounded) for key, raw in targets.items()}
    given = any(setting.sysctl_key.name == RESERVED and setting.text is not None for setting in options.settings)
    if reservation and RESERVED in targets and not given:
        originals[RESERVED] = Original(reservation.before, targets[RESERVED])
    return KeyPlan(items, targets, steps, originals, reserved_ports)


def _settings(options: Options, observed: Observed) -> tuple[Dict[str, Item], Dict[str, str]]:
    items: Dict[str, Item] = {}
    targets: Dict[str, str] = {}
    at_boot = {} if options.live else _set_at_boot(options, observed)
    for setting in options.settings:
        key = setting.sysctl_key.name
        now = observed.keys[key]
        if setting.text is None and not setting.bound:
            items[key] = Item(key, None, "left_alone", "its value in settings is null")
            continue
        if key in observed.unknown and (options.live or _is_misspelt(key)):
            items[key] = Item(key, setting.text, "refused", _unknown(observed.unknown[key]))
            continue
        # An image boots elsewhere: with memory and a kernel that nobody knows.
        answer = wanted(setting, now, observed.memory_bytes) if options.live else wanted(for_any_kernel(setting), at_boot.get(key), None)
        if isinstance(answer, Refused):
            items[key] = Item(key, setting.text, "refused", answer.reason)
        elif key == CONGESTION and observed.congestion:
            items[key] = Item(key, answer.raw, "refused", observed.congestion)
        elif now is None and (options.live or key == _RECYCLE):
            items[key] = Item(key, answer.raw, "absent", "this kernel does not have this key")
        else:
            unchecked = not options.live and setting.sysctl_key.kind == "exact"
            items[key] = Item(key, answer.raw, "", _UNCHECKED if unchecked else "")
            targets[key] = str(answer.raw)
    return items, targets


def _is_misspelt(key: str) -> bool:
    # The import takes longer than the rest of a call.
    from .._sysctl._nearest import looks_misspelt

    return looks_misspelt(key)


def _unknown(nearest: Sequence[str]) -> str:
    hint = f" (did you mean {' or '.join(nearest)}?)" if nearest else "; a kernel module or an interface may be missing"
    return f"neither this host nor the collection knows this key{hint}"


def _set_at_boot(options: Options, observed: Observed) -> Dict[str, str]:
    """What the boot files set of the keys with a bound, ours before all others."""
    keys = [setting.sysctl_key.name for setting in options.settings if setting.bound]
    boot_file = observed.files[options.boot_file]
    others = set_by_others(observed.boot_tree, observed.real_boot_file, keys) if keys else {}
    return {**others, **(values(boot_file.text) if boot_file else {})}


def _before_ours(options: Options, observed: Observed) -> Dict[str, Optional[str]]:
    """What our boot file's lines may meet at the next boot, where others help them: a first unprivileged port that they lower."""
    if observed.keys.get(UNPRIVILEGED) is None:
        return {**AT_BOOT, UNPRIVILEGED: None}
    others = set_by_others(observed.boot_tree, observed.real_boot_file, [UNPRIVILEGED]).get(UNPRIVILEGED)
    return {**AT_BOOT, UNPRIVILEGED: others if others and int(others) < int(AT_BOOT[UNPRIVILEGED]) else AT_BOOT[UNPRIVILEGED]}


def _reserve(observed: Observed, items: Dict[str, Item], targets: Dict[str, str], record: Record) -> Optional[Reservation]:
    """Keep the ports of services inside the range from connections that look for one; adds the key to the items and the targets."""
    question, listening, given = observed.question, observed.listening, items.get(RESERVED)
    if not question or not listening or (given and given.status == "refused"):
        return None
    if listening.crowd:
        items[RESERVED] = Item(RESERVED, None, "refused", listening.crowd)
        return None
    reservation = reserve(question, listening, observed.keys[RESERVED] or "")
    if reservation.added or RESERVED in targets or RESERVED in record.keys:
        items[RESERVED] = Item(RESERVED, reservation.after, "", reservation.reason)
        targets[RESERVED] = reservation.after
    elif reservation.reason:
        items[RESERVED] = Item(RESERVED, None, "left_alone", reservation.reason)
    return reservation


def _back_to_originals(
    observed: Observed, record: Record, items: Mapping[str, Item], targets: Mapping[str, str]
) -> tuple[Dict[str, Item], Dict[str, str]]:
    """Keys that the profile has no more get the value from before it, unless somebody has changed them since: items and raw values."""
    back: Dict[str, Item] = {}
    returning: Dict[str, str] = {}
    for key, original in record.keys.items():
        given = items.get(key)
        if key in targets or (given and given.status != "left_alone"):
            continue
        now = observed.keys[key]
        item = Item(key, original.before)
        if now is None:
            item = item._replace(status="absent", reason="this kernel does not have this key any more")
        elif same(sysctl_key(key), now, original.before):
            pass
        elif same(sysctl_key(key), now, original.ours):
            item = item._replace(reason="restored to its value from before the profile")
            returning[key] = original.before
        else:
            past = f"the profile set {flat(original.ours)}; before the profile it was {flat(original.before)}"
            item = item._replace(status="left_alone", reason=f"not restored, because somebody has changed it to {flat(now)} ({past})")
        back[key] = item
    return back, returning


def _steps(observed: Observed, targets: Mapping[str, str], items: Dict[str, Item], returning: Mapping[str, str]) -> list[KeyStep]:
    """The writes that change something. A target that the kernel would refuse gets none, and its item says why."""
    now = {key: observed.keys[key] or "" for key in targets}
    needed = {key: raw for key, raw in targets.items() if not same(sysctl_key(key), now[key], raw)}
    # What is right now may not be right any more once another key is written.
    spreading = [key for key in needed if spread_rank(key) < LAST_RANK]
    needed.update({key: raw for key, raw in targets.items() if any(may_spread(other, key) for other in spreading)})
    for key, reason in _refused(needed, observed.keys).items():
        if key in returning:
            items[key] = items[key]._replace(status="left_alone", reason=f"it cannot be restored to {flat(returning[key])}: {reason}")
        else:
            items[key] = items[key]._replace(status="refused", reason=reason)
        del needed[key]
    return [KeyStep(key, now[key], needed[key]) for key in in_order(needed, now)]


def _original(observed: Observed, record: Record, key: str, target: str, bounded: bool) -> Original:
    old, now = record.keys.get(key), observed.keys[key] or ""
    # Within a bound the value is whoever set it: the profile only takes back what it wrote itself.
    if old and bounded and same(sysctl_key(key), now, target):
        return old
    return Original(old.before if old else now, target)


def _refused(targets: Mapping[str, str], before: Mapping[str, Optional[str]]) -> Dict[str, str]:
    """Why the kernel would refuse the writes, by key. before: raw values when the first of them is written."""
    reasons = {}
    now = dict(before)
    for key in in_order(targets, now):
        # Kernels before 4.11 have no bound for the range.
        others = {RANGE: now.get(RANGE) or "", UNPRIVILEGED: now.get(UNPRIVILEGED) or "1"}
        answer = kernel_reads(sysctl_key(key), targets[key], now.get(key), others)
        if isinstance(answer, Refused):
            reasons[key] = answer.reason
        else:
            now[key] = answer.raw
    return reasons


def in_order(targets: Mapping[str, str], now: Mapping[str, Optional[str]]) -> list[str]:
    """Keys in an order in which no write is refused, or leaves a port open to others, because of one that comes later.

    The range may not reach below the unprivileged start: the one goes up first, or the other down. Ports are reserved before
    the range gets wider, and released after it got narrower. A key that spreads to interfaces comes before theirs.
    """

    def rank(key: str) -> tuple[int, int]:
        if key == UNPRIVILEGED:
            return (3 if int(targets[key]) > int(now.get(key) or 0) else 1), 0
        if key == RESERVED:
            return (0 if _has_more(targets[key], now.get(key) or "") else 4), 0
        return 2, spread_rank(key)

    return sorted(targets, key=rank)


def _has_more(ports: str, than: str) -> bool:
    both = kernel_reads(sysctl_key(RESERVED), f"{ports},{than}" if ports and than else ports + than)
    return isinstance(both, Accepted) and both.raw != than
