# Copyright (c) 2026 The linux_tcp.hardening authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""docs/kernels.md, made of what the last runs measured."""

from __future__ import annotations

import json
import typing as t
from pathlib import Path

import jinja2

if t.TYPE_CHECKING:
    from kernels.image import Release

HERE = Path(__file__).resolve().parent
PAGE = HERE.parents[1] / "docs" / "kernels.md"
# The numbers behind the page, so that a test can tell whether the page is what the template makes of them.
MEASURED = HERE / "measured.json"
LONGEST = 300


def not_booted(release: Release, why: str) -> dict[str, t.Any]:
    check = {"passed": False, "figures": {}, "differences": [why]}
    return {"release": release._asdict(), "checks": {"the guest": check}, "versions": {}, "minutes": 0.0}


def last() -> dict[str, t.Any]:
    read: dict[str, t.Any] = json.loads(MEASURED.read_text(encoding="utf-8")) if MEASURED.exists() else {}
    return read


def record(measured: dict[str, t.Any]) -> bool:
    """Keep what was measured, write the page, and return whether a check has failed. A guest that did not run keeps its last column."""
    kept = {**last(), **measured}
    MEASURED.write_text(json.dumps(kept, indent=1, sort_keys=True) + "\n", encoding="utf-8")
    PAGE.write_text(page(last()), encoding="utf-8")
    return any(not check["passed"] for one in measured.values() for check in one["checks"].values())


def page(measured: dict[str, t.Any]) -> str:
    """docs/kernels.md as text."""
    loader = jinja2.FileSystemLoader(HERE)
    environment = jinja2.Environment(loader=loader, undefined=jinja2.StrictUndefined, trim_blocks=True, keep_trailing_newline=True)
    environment.globals.update(names=names, short=short)
    columns = sorted(measured.values(), key=lambda one: [int(part) if part.isdecimal() else 0 for part in _numbers(one)])
    return environment.get_template("kernels.md.j2").render(columns=columns)


def _numbers(one: dict[str, t.Any]) -> list[str]:
    return str(one["versions"].get("kernel", "")).partition("-")[0].partition("+")[0].split(".")


def names(words: t.Iterable[str]) -> str:
    return ", ".join(f"`{word}`" for word in words) or "none"


def short(text: str) -> str:
    """A sentence about a difference, for a line of a list: texts of hosts are no markup."""
    line = " ".join(text.split())
    return (line if len(line) <= LONGEST else line[: LONGEST - 1] + "…").replace("|", "\\|").replace("<", "&lt;")
