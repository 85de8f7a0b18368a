# Copyright (c) 2026 The linux_tcp.hardening authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE to the collection: not for use outside it, may change at any time.

"""The places of a repository in which settings stand, each as a snapshot that the same rules judge.

A place says what its lines say. Everything else is unknown, so that only rules decide whose keys all stand in it.
"""

from __future__ import annotations

import dataclasses
import functools
import re
import typing as t

from ..module_utils._sysctl._keys import SYSCTL_KEYS, Accepted, kernel_reads
from ._results import SEVERITIES, SettingPlace
from ._rules import CannotApplyError, Finding, MissingFactError, View
from ._sources._common import present

if t.TYPE_CHECKING:
    from collections.abc import Iterator

    from ._results import EvidenceValue, Severity
    from ._rules import Rule, Thresholds
    from ._snapshot_types import BootFile, Place, PlaceSetting, Snapshot, Sysctl

_PORT_START = "net.ipv4.ip_unprivileged_port_start"
_NEEDS_A_HOST = "it is about what a host runs, or reads at boot, and a repository is no host"
_NOT_FOR_PLACES = frozenset(
    (
        "boot-differs",
        "boot-other-writer",
        "boot-readers-disagree",
        "boot-shadowed",
        "boot-unsaved",
        "boot-file-unread",
        "change-unconfirmed",
        "probe-failed",
    )
)
_NOT_IN_AN_IMAGE = "nothing applies a file of an image when a container starts"
# Such a result is worth a look, and no more. A person is told why.
_ONLY_LOW = {"document": "an example in a document", "image": f"an image: {_NOT_IN_AN_IMAGE}"}
_TEST_DATA = "a test: no host is made from it"
# Folders, and names of files, in which a repository keeps its tests.
_TESTS = re.compile(
    r"(?:^|/)(?:tests?|testing|testdata|test[-_]data|fixtures?|specs?|__tests__|e2e|molecule|mocks?)/"
    r"|(?:^|/)(?:test_[^/]*|[^/]*_test)\.(?:py|go)\Z|_spec\.rb\Z|\.bats\Z|(?:^|/)goss[^/]*\.ya?ml\Z|\.(?:test|spec)\.[jt]sx?\Z",
    re.IGNORECASE,
)
_LOW: Severity = "low"


class PlaceView(View):
    """One place, asked by rules.

    asked: the keys with a value that a rule looked at, in this order. is_about_settings: whether it asked for any.
    """

    def __init__(self, place: Place, snapshot: Snapshot) -> None:
        super().__init__(_view_of(place, snapshot))
        self.place = place
        self.asked: dict[str, None] = {}
        self.is_about_settings = False
        self._last = {one["key"]: one for one in place["settings"]}
        self._at_line = {(one["key"], one["line"]): one for one in place["settings"]}

    def sysctl(self, key: str) -> Sysctl:
        self.is_about_settings = True
        found = super().sysctl(key)
        self.asked[key] = None
        return found

    @functools.cached_property
    def at_start(self) -> dict[str, str]:
        """A container may have any first unprivileged port: Docker sets 0. On a host it is the kernel's."""
        start = super().at_start
        return {**start, _PORT_START: "1"} if self.place["kind"] == "container" else start

    def setting(self, key: str, line: int | None = None) -> PlaceSetting | None:
        """The one of a key at a line, or else the last one of the key."""
        return self._last.get(key) if line is None else self._at_line.get((key, line), self._last.get(key))


class PlacesAudit:
    """The places of a repository, asked by the rules of the catalogue. profile: the audited one."""

    def __init__(self, snapshot: Snapshot, limits: Thresholds, profile: str) -> None:
        self._snapshot = snapshot
        self._limits = limits
        self._profile = profile
        self._views = [PlaceView(place, snapshot) for place in snapshot["places"]]

    def findings(self, rule: Rule) -> Iterator[Finding]:
        """Each failure in each place; where nothing fails one finding about all of them."""
        if rule.id in _NOT_FOR_PLACES:
            yield Finding("not_applicable", rule.id, "", reason=_NEEDS_A_HOST)
            return
        failed: set[tuple[str, str | None, int | None]] = set()
        others: list[Finding] = []
        asked = False
        for view in self._views:
            for finding in self._in_place(rule, view):
                if finding.status != "fail":
                    others.append(finding)
                # A variable of a role stands in the place of its file, and in that of the tasks.
                elif (finding.subject, finding.path, finding.line) not in failed:
                    failed.add((finding.subject, finding.path, finding.line))
                    yield finding
            asked = asked or view.is_about_settings
        if not failed:
            yield self._none_failed(rule, others, asked)

    def _none_failed(self, rule: Rule, findings: list[Finding], asked: bool) -> Finding:
        """asked: whether the rule looked at a key of any place."""
        passed = sum(finding.status == "pass" for finding in findings)
        if passed:
            places = "1 place that says" if passed == 1 else f"{passed} places that say"
            return Finding("pass", rule.id, f"no failure in {places} enough")
        unknown = next((finding for finding in findings if finding.status == "unknown"), None)
        if unknown is not None and not asked:
            return Finding("not_applicable", rule.id, "", reason=_NEEDS_A_HOST)
        if unknown is not None:
            return Finding("unknown", "", "", reason=unknown.reason)
        return findings[0] if findings else Finding("unknown", "", "", reason="no TCP setting was found")

    def _in_place(self, rule: Rule, view: PlaceView) -> Iterator[Finding]:
        kind = view.place["kind"]
        if kind == "image" and rule.id.startswith("boot-"):
            yield Finding("not_applicable", rule.id, "", reason=_NOT_IN_AN_IMAGE)
            return
        if rule.check is None:
            return
        view.asked.clear()
        view.is_about_settings = False
        try:
            for finding in rule.check(view, self._limits):
                yield self._located(rule, view, finding) if finding.status == "fail" else finding
        except CannotApplyError as reason:
            yield Finding("not_applicable", rule.id, "", reason=str(reason))
        except MissingFactError as reason:
            yield Finding("unknown", "", "", reason=str(reason))

    def _located(self, rule: Rule, view: PlaceView, finding: Finding) -> Finding:
        """The failure with the lines that cause it."""
        place = view.place
        evidence: dict[str, EvidenceValue] = {name: value for name, value in finding.evidence.items() if value not in (None, "unknown")}
        # A finding with a line of its own is about that line alone.
        keys = dict.fromkeys((finding.subject, *(view.asked if finding.path is None else ())))
        involved = [setting for key in keys for setting in [view.setting(key, finding.line)] if setting is not None]
        if place["name"]:
            evidence["place"] = place["name"]
        severity = finding.severity or rule.severity(self._profile)
        observed = finding.observed
        only_low = _why_only_low(place)
        if only_low:
            evidence["seen in"] = only_low
            observed += f" ({only_low})"
            severity = max(severity, _LOW, key=SEVERITIES.index)
        elif place["kind"] == "container":
            evidence["seen in"] = "settings of a container"
        path, line = finding.path, finding.line
        if path is None and involved:
            path, line = involved[0]["path"], involved[0]["line"]
        settings = tuple(SettingPlace(key=one["key"], value=one["value"] or "", path=one["path"], line=one["line"]) for one in involved)
        return dataclasses.replace(
            finding, observed=observed, path=path, line=line, evidence=evidence, severity=severity, settings=settings
        )


def _why_only_low(place: Place) -> str:
    """Why a failure in the place is worth a look and no more; "" where it counts in full."""
    if any(_TESTS.search(one["path"]) for one in place["settings"]):
        return _TEST_DATA
    return _ONLY_LOW.get(place["kind"], "")


def _view_of(place: Place, snapshot: Snapshot) -> Snapshot:
    """The place as if it were a host that has booted with its lines, and about which nothing else is known."""
    return {
        **snapshot,
        "host": {
            **snapshot["host"],
            "network_namespace": "own" if place["kind"] == "container" else None,
            "boot_files_apply": place["kind"] != "container",
        },
        "sysctl": _known_values(place),
        "boot_files": {
            "files": _files(place),
            "order": _order(place),
            "writers": [],
            "applied_by": None,
            "why_not_applied": None,
        },
        "open_changes": [],
        "namespaces": [],
        "places": [],
    }


def _known_values(place: Place) -> dict[str, Sysctl]:
    """What each key holds when all lines of the place were applied; a key is left out where that is not known."""
    known: dict[str, str] = {}
    for one in place["settings"]:
        sysctl_key = SYSCTL_KEYS.get(one["key"])
        if sysctl_key is None:
            continue
        if one["value"] is None:
            known.pop(one["key"], None)
            continue
        read = kernel_reads(sysctl_key, one["value"], known.get(one["key"]), known)
        if isinstance(read, Accepted) and read.raw is not None:
            known[one["key"]] = read.raw
    return {key: present(key, raw, "boot_file") for key, raw in known.items()}


def _order(place: Place) -> dict[str, list[str]]:
    paths = list(dict.fromkeys(one["path"] for one in place["settings"]))
    return {"systemd": paths, "procps": paths}


def _files(place: Place) -> list[BootFile]:
    files: dict[str, BootFile] = {}
    for one in place["settings"]:
        file = files.setdefault(
            one["path"],
            {
                "path": one["path"],
                "real_path": one["path"],
                "readers": ["systemd", "procps"],
                "unread_because": None,
                "masked_by": None,
                "reason": None,
                "assignments": [],
                "problems": [],
            },
        )
        if one["value"] is not None:
            file["assignments"].append(
                {
                    "line": one["line"],
                    "key": one["key"],
                    "value": one["value"],
                    "withheld": False,
                    "ignore_failure": False,
                    "is_glob": False,
                    "secret": False,
                }
            )
    return list(files.values())
