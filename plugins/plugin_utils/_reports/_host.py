# Copyright (c) 2026 The linux_tcp.hardening authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE to the collection: not for use outside it, may change at any time.

"""One host as people are to see it, with what its rules and cures say of themselves."""

from __future__ import annotations

import dataclasses
import json
from functools import cached_property, lru_cache
from typing import Literal, cast

from .._escape import MAX_CHARACTERS, escaped, one_line
from .._results import (
    SEVERITIES,
    STATUSES,
    AdviceGain,
    Audit,
    CureTexts,
    Result,
    RuleTexts,
    SavedAudit,
    Severity,
    Status,
    Summary,
    Verdict,
)
from .._saved import restored
from .._shapes import check
from .._texts import Texts

Outcome = Literal["not_audited", "failed", "unknown", "clean"]
OUTCOMES: tuple[Outcome, ...] = ("not_audited", "failed", "unknown", "clean")

# Hosts whose audits are kept as objects, about 100 kB each: ten thousand of them would fill the memory.
_OPEN = 1000


def shown_name(host: str) -> str:
    """The name of a host as every report shows it."""
    return one_line(host, 100)


def may_need_escape(line: str) -> bool:
    """Whether a text in JSON that is ASCII only may have to be escaped or cut."""
    return "\\" in line or max(map(len, line.split('"'))) > MAX_CHARACTERS


class ShownResult(Result, RuleTexts):
    """A result with the texts of its rule."""


class ShownAdvice(CureTexts):
    """A cure with what it is on this host. how: what to do here, one step each."""

    id: str
    applies: bool
    severity: Severity | None
    wrong: bool
    reason: str
    gain: AdviceGain


@dataclasses.dataclass(frozen=True, eq=False)
class HostReport:
    """One host as people are to see it: every text in it is safe to show (see _escape).

    number counts the hosts by name. entry: the audit as it is kept (see _saved), or why there is none, as a line of JSON without defaults;
    it becomes objects when somebody looks. may_need_escape: some text in it may.
    namespace_of: the host whose other network namespace it is; empty for a host. failed_namespaces: how many of its own are in the report.
    """

    number: int
    name: str
    entry: str
    summary: Summary
    texts: Texts
    may_need_escape: bool
    namespace_of: str = ""
    failed_namespaces: int = 0

    @property
    def is_namespace(self) -> bool:
        return bool(self.namespace_of)

    @property
    def machine(self) -> str:
        """The name of the host, which its other network namespaces have in common with it."""
        return self.namespace_of or self.name

    @property
    def audit(self) -> Audit | None:
        """None for a host that could not be audited; not_audited_because then says why."""
        return _opened(self).audit

    @property
    def not_audited_because(self) -> str:
        return _opened(self).not_audited_because

    @property
    def results(self) -> list[ShownResult]:
        """All results, failed ones first, then by severity, id and subject."""
        return _opened(self).results

    def having(self, status: Status) -> list[ShownResult]:
        """The results of one status, most severe first."""
        return [result for result in self.results if result["status"] == status]

    @property
    def failed(self) -> list[ShownResult]:
        """The failed results that decide."""
        return [result for result in self.having("fail") if result["decides"]]

    @property
    def is_repository(self) -> bool:
        """Whether it is no host but the files of a repository."""
        return self.audit is not None and self.audit["source"]["kind"] == "repository"

    @property
    def failed_by_file(self) -> dict[str, list[ShownResult]]:
        """The failed results that decide, of a repository by the file, the file with the gravest one first. Of a host all are under ""."""
        if not self.is_repository:
            return {"": self.failed} if self.failed else {}
        found: dict[str, list[ShownResult]] = {}
        for result in self.failed:
            found.setdefault(result["path"] or "", []).append(result)
        return found

    @property
    def told_apart(self) -> dict[str, list[ShownResult]]:
        """The failed results that count only if the host has one of some profiles, by these profiles ("client_host or fullnat_lb")."""
        apart = [result for result in self.having("fail") if not result["decides"]]
        found: dict[str, list[ShownResult]] = {}
        for result in apart:
            found.setdefault(" or ".join(result["profiles"]), []).append(result)
        return found

    @property
    def verdict(self) -> Verdict | None:
        """None for a host that could not be audited, and for an audit that has none."""
        found = self.audit["verdict"] if self.audit else None
        return found if found and found["sentence"] else None

    @property
    def advice(self) -> list[ShownAdvice]:
        """The cures that apply, best first."""
        return [cure for cure in _opened(self).advice if cure["applies"]]

    @property
    def advised_against(self) -> list[ShownAdvice]:
        """The cures that are wrong here, or not needed."""
        return [cure for cure in _opened(self).advice if not cure["applies"]]

    @property
    def is_audited(self) -> bool:
        """Whether there is an audit, without a look at it: an audit has results."""
        return any(self.summary["status"].values())

    @property
    def worst(self) -> Severity | None:
        return self.summary["worst"]

    @property
    def outcome(self) -> Outcome:
        """unknown: there was an audit, but all its results are unknown or not applicable. That is no good news."""
        count = self.summary["status"]
        if not self.is_audited:
            return "not_audited"
        if self.worst or self.failed_namespaces:
            return "failed"
        return "clean" if count["pass"] or count["waived"] or count["fail"] else "unknown"


class _Opened:
    """The entry of a host as objects."""

    def __init__(self, host: HostReport) -> None:
        entry = json.loads(host.entry)
        if host.may_need_escape:
            entry = escaped(entry)
        self.audit: Audit | None = None
        self.not_audited_because = ""
        if "results" in entry:
            self.audit = cast("Audit", {**restored(check(SavedAudit, entry)), "host": entry["host"], "summary": host.summary})
        else:
            self.not_audited_because = str(entry["msg"])
        self._texts = host.texts

    @cached_property
    def results(self) -> list[ShownResult]:
        results = self.audit["results"] if self.audit else []
        return [cast("ShownResult", {**result, **self._texts.rule(result["id"])}) for result in sorted(results, key=_urgency)]

    @cached_property
    def advice(self) -> list[ShownAdvice]:
        shown = []
        for cure in self.audit["advice"] if self.audit else ():
            texts = self._texts.cure(cure["id"])
            how = texts["how"] if cure["how"] is None else cure["how"]
            shown.append(cast("ShownAdvice", {**texts, **cure, "how": how}))
        return shown


@lru_cache(maxsize=_OPEN)
def _opened(host: HostReport) -> _Opened:
    return _Opened(host)


def _urgency(result: Result) -> tuple[int, int, str, str]:
    return (STATUSES.index(result["status"]), SEVERITIES.index(result["severity"]), result["id"], result["subject"])
