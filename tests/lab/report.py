# Copyright (c) 2026 The linux_tcp.hardening authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What is left of a run: its numbers, the table, docs/lab.md, and the snapshots that the tests of the advice use."""

from __future__ import annotations

import dataclasses
import json
import typing as t
from pathlib import Path

import jinja2
from lab.experiment import Outcome
from lab.network import HERE, kernel_version

ROOT = HERE.parents[1]
PAGE = ROOT / "docs" / "lab.md"
# The numbers behind the page, so that a test can tell whether the page is what the template makes of them.
NUMBERS = HERE / "numbers.json"
SNAPSHOTS = ROOT / "tests/unit/plugins/plugin_utils/lab"
LAST_RUN = ROOT / ".cache" / "lab" / "last-run.json"


def save(outcomes: dict[str, Outcome], versions: dict[str, str]) -> dict[str, t.Any]:
    """Keep all of a run, audits and snapshots included, for the tests and for `record`."""
    lab_run = {
        "versions": versions,
        "seconds": round(sum(outcome.seconds for outcome in outcomes.values()), 1),
        "experiments": {name: dataclasses.asdict(outcome) for name, outcome in outcomes.items()},
    }
    LAST_RUN.parent.mkdir(parents=True, exist_ok=True)
    LAST_RUN.write_text(json.dumps(lab_run), encoding="utf-8")
    return lab_run


def last_run() -> dict[str, t.Any]:
    """Raises OSError where there was none."""
    lab_run: dict[str, t.Any] = json.loads(LAST_RUN.read_text(encoding="utf-8"))
    return lab_run


def table(lab_run: dict[str, t.Any]) -> str:
    return _render("table.txt.j2", lab_run)


def page(lab_run: dict[str, t.Any]) -> str:
    """docs/lab.md as text."""
    return _render("lab.md.j2", lab_run)


def _render(template: str, lab_run: dict[str, t.Any]) -> str:
    loader = jinja2.FileSystemLoader(HERE)
    environment = jinja2.Environment(loader=loader, undefined=jinja2.StrictUndefined, trim_blocks=True, keep_trailing_newline=True)
    environment.filters["thousands"] = lambda number: f"{number:,}"
    environment.globals["names"] = lambda rules: ", ".join(f"`{rule}`" for rule in rules) or "nothing"
    environment.globals["row"] = lambda *cells: f"{cells[0]:<32} {cells[1]:<42} {cells[2]:<48} {cells[3]:>7}"
    return environment.get_template(template).render(**lab_run)


def record() -> None:
    """Write the page, the numbers behind it and the snapshots, from the last run."""
    lab_run = last_run()
    numbers = {
        "versions": lab_run["versions"],
        "seconds": lab_run["seconds"],
        "experiments": {
            name: {key: value for key, value in one.items() if key != "records"} for name, one in lab_run["experiments"].items()
        },
    }
    NUMBERS.write_text(json.dumps(numbers, indent=1) + "\n", encoding="utf-8")
    PAGE.write_text(page(numbers), encoding="utf-8")
    record_snapshots(lab_run)


def record_snapshots(lab_run: dict[str, t.Any]) -> None:
    """One file for each experiment: its hosts at the moment of failure, and the cures that worked there and did not."""
    SNAPSHOTS.mkdir(parents=True, exist_ok=True)
    for name, one in lab_run["experiments"].items():
        hosts = []
        for kept in one["records"]:
            snapshot = kept["snapshot"]
            snapshot["host"]["kernel_release"] = kernel_version(snapshot["host"]["kernel_release"])
            hosts.append({key: kept[key] for key in ("host", "moment", "profile", "cures", "not_cures", "snapshot")})
        Path(SNAPSHOTS, f"{name}.json").write_text(json.dumps(hosts, indent=None, sort_keys=True) + "\n", encoding="utf-8")
