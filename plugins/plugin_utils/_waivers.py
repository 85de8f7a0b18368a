# Copyright (c) 2026 The linux_tcp.hardening authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE to the collection: not for use outside it, may change at any time.

"""Waivers: results that are accepted until a date, each with a reason."""

from __future__ import annotations

import dataclasses
import datetime
import fnmatch
import re
import typing as t

from ._rules import CATALOGUE, WAIVER_EXPIRED

if t.TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from ._results import WaiverNote

_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_FIELDS = ("rule", "hosts", "namespaces", "paths", "reason", "expires")


class WaiverError(ValueError):
    """A waiver is incomplete or names something that does not exist."""


@dataclasses.dataclass(frozen=True)
class Waiver:
    """One accepted result: rule id, host patterns (shell style), reason, and the last day on which it holds.

    namespaces: patterns of names of network namespaces; none for the host's own, where it is about the host itself.
    paths: patterns of files, for results in these alone; none for results in any file or in none.
    """

    rule: str
    hosts: tuple[str, ...]
    reason: str
    expires: datetime.date
    namespaces: tuple[str, ...] = ()
    paths: tuple[str, ...] = ()

    def covers(self, rule_id: str, host: str, namespace: str = "") -> bool:
        if rule_id != self.rule or not any(fnmatch.fnmatchcase(host, pattern) for pattern in self.hosts):
            return False
        return any(fnmatch.fnmatchcase(namespace, pattern) for pattern in self.namespaces) if namespace else not self.namespaces

    def covers_file(self, path: str | None) -> bool:
        """Whether it covers a result that a file causes; path: None where no file does."""
        return not self.paths or (path is not None and any(fnmatch.fnmatchcase(path, pattern) for pattern in self.paths))

    def expired(self, today: datetime.date) -> bool:
        return today > self.expires

    @property
    def note(self) -> WaiverNote:
        return {"reason": self.reason, "expires": self.expires.isoformat()}


def parse_waivers(options: Iterable[Mapping[str, t.Any]]) -> list[Waiver]:
    """Waivers from the option `waivers`.

    Raises WaiverError naming the waiver (by its place, from 1) and what is wrong with it.
    """
    return [_parse(place, option) for place, option in enumerate(options, start=1)]


def _parse(place: int, option: Mapping[str, t.Any]) -> Waiver:
    rule = option.get("rule")
    if rule is not None and not isinstance(rule, str):
        raise WaiverError(f"waiver {place}: rule must be the id of a rule, such as ports-few")
    where = f"waiver {place}" + (f" ({rule})" if rule else "")
    unknown = sorted(str(name) for name in option if name not in _FIELDS)
    if unknown:
        raise WaiverError(f"{where} has unknown keys: {', '.join(unknown)}. A waiver has {', '.join(_FIELDS)}.")
    if not rule:
        raise WaiverError(f"{where} has no rule. Set rule to an id from docs/rules.md.")
    if rule not in CATALOGUE:
        raise WaiverError(f"{where}: there is no rule {rule!r}. docs/rules.md lists all rules.")
    if rule == WAIVER_EXPIRED:
        raise WaiverError(f"{where}: this rule cannot be waived")
    hosts = _patterns(option.get("hosts"), f"{where}: hosts must be a list of host names or patterns") or ("*",)
    namespaces = _patterns(option.get("namespaces"), f"{where}: namespaces must be a list of names of network namespaces or patterns")
    paths = _patterns(option.get("paths"), f"{where}: paths must be a list of files or patterns")
    reason = option.get("reason")
    if not isinstance(reason, str) or not reason.strip():
        raise WaiverError(f"{where} has no reason. Say why the result is accepted.")
    expires = option.get("expires")
    if expires in (None, ""):
        raise WaiverError(f"{where} has no last day. Add expires: YYYY-MM-DD.")
    if isinstance(expires, datetime.datetime):
        expires = expires.date()
    if not isinstance(expires, datetime.date):
        try:
            # From Python 3.11 on, fromisoformat also takes other forms, which no other controller would.
            if not _DATE.fullmatch(str(expires)):
                raise ValueError
            expires = datetime.date.fromisoformat(str(expires))
        except ValueError:
            raise WaiverError(f"{where}: expires must be a date of the form YYYY-MM-DD, not {expires!r}") from None
    return Waiver(str(rule), hosts, reason.strip(), expires, namespaces, paths)


def _patterns(given: object, problem: str) -> tuple[str, ...]:
    """One pattern or a list of them; none where nothing was given. Raises WaiverError with the problem."""
    if given is None:
        return ()
    patterns = [given] if isinstance(given, str) else given
    if not isinstance(patterns, list) or not patterns or not all(isinstance(pattern, str) and pattern for pattern in patterns):
        raise WaiverError(problem)
    return tuple(patterns)
