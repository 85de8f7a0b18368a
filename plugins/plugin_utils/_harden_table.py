# Copyright (c) 2026 The linux_tcp.hardening authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE to the collection: not for use outside it, may change at any time.

"""What a hardening run did, as text: what each host had before, what changed, and what still fails afterwards."""

from __future__ import annotations

import dataclasses
import textwrap
import typing as t
from collections.abc import Mapping

from ._escape import one_line
from ._reports import build_host
from ._results import ProfileChange
from ._shapes import ShapeError, check, must_be

if t.TYPE_CHECKING:
    from ._reports import HostReport
    from ._reports._host import ShownResult
    from ._results import Conflict, KeyChange

WIDTH = 96
_UNEXPECTED = "has an unexpected form"


@dataclasses.dataclass(frozen=True)
class Outcome:
    """One host.

    change: the answer of tcp_profile, None where it cannot be read. before, after: the audits, None where there is none or it cannot be
    read. problems: what cannot be read and why, one sentence each.
    """

    name: str
    profile: str
    change: ProfileChange | None
    before: HostReport | None
    after: HostReport | None
    problems: tuple[str, ...] = ()
    lost: bool = False

    @property
    def status(self) -> str:
        """unreadable, unreachable, failed, not_run (tcp_profile never ran), unchanged or changed."""
        if self.change is None:
            return "unreadable"
        if self.change["unreachable"]:
            return "unreachable"
        if self.change["failed"]:
            return "failed"
        if self.change["changed"] is None:
            return "unreachable" if self.lost else "not_run"
        return "changed" if self.change["changed"] else "unchanged"

    @property
    def changes(self) -> list[tuple[str, str, str]]:
        """Key, value before and value after, of the keys that changed in the running kernel or in the boot file."""
        return [_change(one) for one in (self.change["settings"] if self.change else ()) if one["status"] == "changed"]

    @property
    def change_count(self) -> str:
        """What the column of changes holds: how many keys changed, or the status."""
        if self.status == "changed":
            return keys(len(self.changes)) if self.changes else "files"
        return "none" if self.status == "unchanged" else self.status.replace("_", " ").upper()


def keys(count: int) -> str:
    return f"{count} key{'' if count == 1 else 's'}"


def _change(one: KeyChange) -> tuple[str, str, str]:
    before, after = _value(one["before"]), _value(one["after"])
    if one["before"] == one["after"]:
        before, after = f"boot file {_value(one['boot_before'])}", f"boot file {_value(one['boot_after'])}"
    return one_line(one["key"], 60), before, after


def _value(raw: str | None) -> str:
    return "not set" if raw is None else one_line(raw, 60) or "empty"


def outcomes(hosts: Mapping[str, t.Any]) -> list[Outcome]:
    """The hosts of a run, by name.

    hosts: name to profile, before, change and after, as the tasks registered them; what is missing did not happen.
    Whatever a host's entry holds, it costs no other host its line.
    """
    return [_outcome(name, entry) for name, entry in sorted((str(name), entry) for name, entry in hosts.items())]


def _outcome(name: str, entry: object) -> Outcome:
    problems: list[str] = []
    if not isinstance(entry, Mapping):
        problems.append(f"the entry of this host {must_be('a dictionary', entry).problem}")
        return Outcome(one_line(name, 60), "", None, None, None, tuple(problems))
    change = _change_of(entry.get("change") or {}, problems)
    before = _audited(name, entry.get("before") or {}, "before", problems)
    after = _audited(name, entry.get("after") or {}, "after", problems)
    lost = isinstance(entry.get("before"), Mapping) and entry["before"].get("unreachable") is True
    return Outcome(one_line(name, 60), one_line(str(entry.get("profile") or ""), 20), change, before, after, tuple(problems), lost)


def _change_of(answer: object, problems: list[str]) -> ProfileChange | None:
    try:
        return check(ProfileChange, answer)
    except ShapeError as error:
        problems.append(f"the answer of the module {_UNEXPECTED}: {error}")
    if isinstance(answer, Mapping) and answer.get("msg"):
        problems.append(f"the module says: {answer['msg']}")
    return None


def _audited(name: str, audit: object, when: str, problems: list[str]) -> HostReport | None:
    if not audit:
        return None
    try:
        if not isinstance(audit, Mapping):
            raise must_be("a dictionary", audit)
        if audit.get("skipped"):
            return None
        return build_host(name, audit)
    except ShapeError as error:
        problems.append(f"the audit {when} {_UNEXPECTED}: {error}")
        return None


def render(made: list[Outcome], check_mode: bool = False) -> str:
    """The table and, below it, each host that changed, failed, cannot be read, or still fails a rule."""
    names = max([4, *(len(outcome.name) for outcome in made)])
    lines = [_headline(made, check_mode), "", f"{'HOST':<{names}}  {'PROFILE':<11}  {'BEFORE':<11}  {'CHANGES':<11}  AFTER"]
    for outcome in made:
        # Check mode changes nothing, so its second audit says nothing new.
        after = "-" if check_mode else _worst(outcome.after)
        lines.append(
            f"{outcome.name:<{names}}  {outcome.profile or '-':<11}  {_worst(outcome.before):<11}  {outcome.change_count:<11}  {after}"
        )
    for outcome in made:
        lines += _details(outcome, check_mode)
    return "\n".join(lines) + "\n"


def _headline(made: list[Outcome], check_mode: bool) -> str:
    words = {
        "changed": "would change" if check_mode else "changed",
        "unchanged": "needed no change",
        "failed": "FAILED (settings as before)",
        "unreachable": "UNREACHABLE",
        "not_run": "NOT HARDENED",
        "unreadable": "UNREADABLE (unexpected answer)",
    }
    return f"TCP hardening: {counted(made, words)}"


def counted(made: list[Outcome], words: Mapping[str, str]) -> str:
    """How many hosts there are, and how many of each status, in order of the words for them."""
    counts = [(sum(outcome.status == status for outcome in made), text) for status, text in words.items()]
    return f"{len(made)} host{'' if len(made) == 1 else 's'}: " + ", ".join(f"{n} {text}" for n, text in counts if n)


def _worst(host: HostReport | None) -> str:
    if host is None or host.audit is None:
        return "not audited"
    if host.worst:
        return host.worst.upper()
    return "clean" if host.outcome == "clean" else "unknown"


def _details(outcome: Outcome, check_mode: bool) -> list[str]:
    lines = problem_lines(outcome)
    if outcome.change is not None:
        lines += _change_lines(outcome, outcome.change, check_mode)
    if outcome.change is not None and outcome.change["changed"] is None and outcome.before:
        lines += _not_audited("the audit before", outcome.before)
    if outcome.after and not check_mode:
        lines += _not_audited("the audit after", outcome.after) + _after_lines(outcome.after)
    return under_title(f"{outcome.name} ({outcome.profile})" if outcome.profile else outcome.name, lines)


def under_title(title: str, lines: list[str]) -> list[str]:
    """The lines below the name of their host; nothing where there are none."""
    return ["", title, "-" * len(title), *lines] if lines else []


def backup_lines(change: ProfileChange, check_mode: bool) -> list[str]:
    """Where a boot file that somebody had edited is kept."""
    if not change["backup"]:
        return []
    kept = "would be kept" if check_mode else "is kept"
    return wrapped(f"  {one_line(change['backup'], 120)}: the edited boot file {kept} here. It has no effect at boot")


def problem_lines(outcome: Outcome) -> list[str]:
    """What cannot be read of a host, and why its task did not do its work."""
    lines = [line for problem in outcome.problems for line in wrapped(f"  unreadable: {one_line(problem)}")]
    change = outcome.change
    if change and (change["failed"] or change["unreachable"]):
        lines += wrapped(f"  {outcome.status}: {one_line(change['msg']) or 'no reason given'}")
    return lines


def _change_lines(outcome: Outcome, change: ProfileChange, check_mode: bool) -> list[str]:
    lines = [f"  {key}: {before} -> {after}" for key, before, after in outcome.changes]
    if change["boot_file"]["changed"]:
        written = "changed" if not outcome.changes else "would be written" if check_mode else "written"
        lines.append(f"  {one_line(str(change['boot_file']['path']), 80)}: {written}")
    lines += backup_lines(change, check_mode)
    for conflict in change["conflicts"]:
        lines += wrapped(f"  {_conflict_text(conflict, check_mode)}")
    if change["recovered"]:
        lines += wrapped(f"  recovered: {one_line(change['recovered'])}")
    return lines


def _conflict_text(conflict: Conflict, check_mode: bool) -> str:
    path, key = one_line(conflict["path"], 80), one_line(conflict["key"], 60)
    if conflict["line"] is None:
        return f"{path} replaces the whole boot file of the profile at boot"
    where = f"{path}:{conflict['line']}"
    does = f"excludes {key}" if conflict["value"] is None else f"sets {key} = {one_line(conflict['value'], 40)}"
    if conflict["dealt_with"]:
        return f"{where} {does}: {'would be commented out' if check_mode else 'commented out'}"
    if conflict["reader"] == "tuned":
        return f"{where} {does}: TuneD overrides the profile at boot. Set the key in a TuneD profile of your own, in /etc/tuned"
    return f"{where} {does}: overrides the profile at boot"


def _not_audited(what: str, host: HostReport) -> list[str]:
    return [] if host.audit else wrapped(f"  {what} failed: {host.not_audited_because}")


def _after_lines(after: HostReport) -> list[str]:
    lines = ["  Still failing; no sysctl fixes these:"] if after.failed else []
    for result in after.failed:
        lines += _still_failing(result)
    for cure in after.advice[:1]:
        lines += wrapped(f"  do next: {one_line(cure['title'])} ({cure['id']}): {one_line(cure['reason'])}")
    return lines


def _still_failing(result: ShownResult) -> list[str]:
    lines = wrapped(f"    {result['severity'].upper():<8} {result['id']}: {one_line(result['observed'], 200)}", 13)
    return [*lines, *wrapped(" " * 13 + one_line(result["remedy"]), 13)]


def wrapped(text: str, indent: int = 4) -> list[str]:
    """The lines of a paragraph that keeps its own indentation; further lines get `indent`, and what is too long is cut."""
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
