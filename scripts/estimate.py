# Copyright (c) 2026 The linux_tcp.hardening authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""How long the parts of the tests take: as in the last run in this checkout, and before there is one, as measured on two processors."""

from __future__ import annotations

import contextlib
import json
import threading
import time
import typing as t

from scripts.tree import ROOT

LAST_RUN = ROOT / ".cache" / "check" / "seconds.json"
# Measured on two processors in a fresh checkout, the image and the virtual environment being there.
SECONDS = {
    "ruff": 1.0,
    "types": 5.0,
    "unit": 244.0,
    "fuzz": 60.0,
    "package": 8.0,
    "lint": 22.0,
    "sanity": 204.0,
    "molecule/audit": 50.0,
    "molecule/backend": 125.0,
    "molecule/boot": 30.0,
    "molecule/client_host": 99.0,
    "molecule/default": 113.0,
    "molecule/fullnat_lb": 86.0,
    "molecule/guard": 60.0,
    "molecule/lab": 143.0,
}
UNKNOWN_SECONDS = 60.0
MINUTE = 60.0


def seconds(name: str) -> float:
    """Of a part, or of a scenario as molecule/NAME."""
    return _last_run().get(name, SECONDS.get(name, UNKNOWN_SECONDS))


def at_a_time(names: t.Iterable[str], slots: int) -> float:
    """How long these take together when so many run at a time, in this order."""
    busy = [0.0] * slots
    for name in names:
        busy[busy.index(min(busy))] += seconds(name)
    return max(busy)


def remember(measured: dict[str, float]) -> None:
    """Keep what was measured for the next run, where it may be written."""
    if measured:
        with contextlib.suppress(OSError):
            LAST_RUN.parent.mkdir(parents=True, exist_ok=True)
            LAST_RUN.write_text(json.dumps({**_last_run(), **measured}, indent=1), encoding="utf-8")


def _last_run() -> dict[str, float]:
    with contextlib.suppress(OSError, ValueError, AttributeError):
        return {name: float(value) for name, value in json.loads(LAST_RUN.read_text(encoding="utf-8")).items()}
    return {}


def source(names: t.Iterable[str]) -> str:
    """Where the seconds of these come from, in words."""
    first_run, last_run = "as measured on two processors", "as in the last run here"
    known = {name in _last_run() for name in names}
    return last_run if known == {True} else first_run if known == {False} else f"{last_run}, or {first_run}"


def in_words(duration: float | None) -> str:
    """None: not known."""
    if duration is None:
        return "?"
    minutes, rest = divmod(round(duration), 60)
    return f"{minutes} min {rest:02} s" if minutes else f"{rest} s"


@contextlib.contextmanager
def a_line_a_minute(name: str, expected: float | None, progress: t.Callable[[], str]) -> t.Iterator[None]:
    """While the block lasts, print once a minute that it still does. progress says how far it is; empty where that is not known."""
    begin = time.monotonic()
    ended = threading.Event()

    def tell() -> None:
        while not ended.wait(MINUTE):
            in_all = "" if expected is None else f", about {in_words(expected)} in all"
            words = [f"{in_words(time.monotonic() - begin)} so far{in_all}", progress()]
            print(f"-- {name} still runs: {'; '.join(filter(None, words))}", flush=True)

    thread = threading.Thread(target=tell, daemon=True)
    thread.start()
    try:
        yield
    finally:
        ended.set()
        thread.join()
