# Copyright (c) 2026 The linux_tcp.hardening authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE to the collection: not for use outside it, may change at any time.

"""What a hardening run did, as text: what each host had, what changed, and what is left that settings cannot cure."""

from __future__ import annotations

import dataclasses
import textwrap
import typing as t

from ._escape import one_line
from ._reports import ReportError, build

if t.TYPE_CHECKING:
    from collections.abc import Mapping

    from ._reports._model import Host
    from ._results import Result

WIDTH = 96


@dataclasses.dataclass(frozen=True)
class Outcome:
    """One host. change: the result of tcp_profile, empty where it never ran. before, after: its audits, None where there was none."""

    name: str
    profile: str
    change: Mapping[str, t.Any]
    before: Host | None
    after: Host | None

    @property
    def verdict(self) -> str:
        """unreachable, failed, unchanged, or changed; not_run where tcp_profile never ran."""
        if self.change.get("unreachable"):
            return "unreachable"
        if self.change.get("failed"):
            return "failed"
        if "changed" not in self.change:
            return "not_run"
        return "changed" if self.change["changed"] else "unchanged"

    @property
    def changes(self) -> list[tuple[str, str, str]]:
        """Key, value before and value after, of the keys that changed, live or in the boot file."""
        changed = []
        for one in self.change.get("settings") or ():
            if one.get("status") == "changed":
                before, after = one.get("before"), one.get("after")
                if before == after:
                    before, after = f"boot file {one.get('boot_before') or 'nothing'}", f"boot file {one.get('boot_after') or 'nothing'}"
                changed.append((one_line(str(one.get("key")), 60), _value(before), _value(after)))
        return changed


def _value(raw: object) -> str:
    return "nothing" if raw is None else one_line(str(raw), 60) or "empty"


def outcomes(hosts: Mapping[str, t.Any]) -> list[Outcome]:
    """The hosts of a run, by name.

    hosts: name to profile, before, change and after, as the tasks registered them; what is missing did not happen.
    Raises ReportError naming the host whose entry has another form.
    """
    made = []
    for name, entry in sorted(hosts.items()):
        if not isinstance(entry, dict) or not all(isinstance(entry.get(part) or {}, dict) for part in ("before", "change", "after")):
            raise ReportError(f"hosts has an entry of another form for {one_line(str(name), 80)!r}")
        made.append(
            Outcome(
                one_line(str(name), 60),
                one_line(str(entry.get("profile") or ""), 20),
                entry.get("change") or {},
                _audited(name, entry.get("before")),
                _audited(name, entry.get("after")),
            )
        )
    return made


def _audited(name: str, audit: t.Any) -> Host | None:
    if not audit:
        return None
    return build([{**audit, "host": name}], "outcome").hosts[0]


def render(made: list[Outcome], check_mode: bool = False) -> str:
    """The table and, below it, each host that changed, failed or has something left."""
    names = max([4, *(len(outcome.name) for outcome in made)])
    lines = [_headline(made, check_mode), "", f"{'HOST':<{names}}  {'PROFILE':<11}  {'BEFORE':<11}  {'CHANGES':<11}  AFTER"]
    for outcome in made:
        count = len(outcome.changes)
        changes = {"changed": f"{count} key{'' if count == 1 else 's'}" if count else "files", "unchanged": "none"}.get(
            outcome.verdict, outcome.verdict.replace("_", " ").upper()
        )
        # Check mode changes nothing, so its second audit says nothing new.
        after = "-" if check_mode else _worst(outcome.after)
        lines.append(f"{outcome.name:<{names}}  {outcome.profile or '-':<11}  {_worst(outcome.before):<11}  {changes:<11}  {after}")
    for outcome in made:
        lines += _details(outcome, check_mode)
    return "\n".join(lines) + "\n"


def _headline(made: list[Outcome], check_mode: bool) -> str:
    told = {
        "changed": "would change" if check_mode else "changed",
        "unchanged": "had nothing to change",
        "failed": "FAILED and kept what they had",
        "unreachable": "UNREACHABLE",
        "not_run": "NOT HARDENED",
    }
    counts = [(sum(outcome.verdict == verdict for outcome in made), text) for verdict, text in told.items()]
    return f"TCP hardening: {len(made)} host{'' if len(made) == 1 else 's'}: " + ", ".join(f"{n} {text}" for n, text in counts if n)


def _worst(host: Host | None) -> str:
    if host is None or host.audit is None:
        return "not audited"
    if host.worst:
        return host.worst.upper()
    return "clean" if host.verdict == "clean" else "unknown"


def _details(outcome: Outcome, check_mode: bool) -> list[str]:
    lines: list[str] = []
    for key, before, after in outcome.changes:
        lines.append(f"  {key}: {before} -> {after}")
    boot_file = outcome.change.get("boot_file") or {}
    if boot_file.get("changed"):
        written = "changed" if not outcome.changes else "would be written" if check_mode else "written"
        lines.append(f"  {one_line(str(boot_file.get('path')), 80)}: {written}")
    for conflict in outcome.change.get("conflicts") or ():
        where = f"{conflict.get('path')}:{conflict.get('line')}"
        dealt = "commented out" if conflict.get("dealt_with") else "overrides the profile at boot"
        lines += _wrapped(f"  {one_line(where, 80)} sets {conflict.get('key')} = {one_line(str(conflict.get('value')), 40)}: {dealt}")
    if outcome.change.get("recovered"):
        lines += _wrapped(f"  recovered: {one_line(str(outcome.change['recovered']))}")
    if outcome.verdict in ("failed", "unreachable"):
        lines += _wrapped(f"  {outcome.verdict}: {one_line(str(outcome.change.get('msg') or 'no reason given'))}")
    left = outcome.after.failed if outcome.after and outcome.after.audit and not check_mode else []
    if left:
        lines.append("  left, which settings alone do not cure:")
        for result in left:
            lines += _left(result)
    for cure in outcome.after.advice[:1] if outcome.after and not check_mode else []:
        lines += _wrapped(f"  do next: {one_line(cure['title'])} ({cure['id']}): {one_line(cure['reason'])}")
    if not lines:
        return []
    title = f"{outcome.name} ({outcome.profile})" if outcome.profile else outcome.name
    return ["", title, "-" * len(title), *lines]


def _left(result: Result) -> list[str]:
    lines = _wrapped(f"    {result['severity'].upper():<8} {result['id']}: {one_line(result['observed'], 200)}", 13)
    return [*lines, *_wrapped(" " * 13 + one_line(result["remedy"]), 13)]


def _wrapped(text: str, indent: int = 4) -> list[str]:
    start = len(text) - len(text.lstrip())
    return textwrap.wrap(
        text.strip(),
        WIDTH,
        initial_indent=" " * start,
        subsequent_indent=" " * indent,
        break_on_hyphens=False,
        max_lines=4,
        placeholder=" …",
    )
