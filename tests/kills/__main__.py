# Copyright (c) 2026 The linux_tcp.hardening authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""`python -m kills COUNT SEED`: kill the module and its guard so many times under load. The exit code is 1 where anything was lost."""

from __future__ import annotations

import sys
import time
from collections import Counter

from kills.kills import Kills, own_etc
from kills.processes import load
from support.namespaces import Unavailable, enter

_LOAD = 2
_PROGRESS = 100


def main(count: int, seed: int) -> int:
    begin = time.monotonic()
    with load(_LOAD):
        try:
            enter()
        except Unavailable as why:
            print(why, file=sys.stderr)
            return 1
        own_etc()
        kills = Kills(seed)
        told = 0
        while kills.count < count:
            kills.one()
            if kills.count // _PROGRESS > told:
                told = kills.count // _PROGRESS
                print(f"{kills.count} kills, {len(kills.lost)} lost, {time.monotonic() - begin:.0f} s", flush=True)
        kills.close()
    keys = sum(path.startswith("/proc/") for path in kills.fresh)
    print(f"{kills.count} kills in {time.monotonic() - begin:.0f} s, seed {seed}; {kills.late} more came after the end")
    _print("killed", kills.moments)
    _print("journal right after the kill", kills.journals)
    _print("call, with those that came after the end", kills.cases)
    _print("what came next", kills.ways)
    print(f"compared after each: {keys} keys, and every file below sysctl's folders and /var/lib (content, mode, owner)")
    for sentence in kills.lost:
        print(f"LOST: {sentence}")
    print(f"lost: {len(kills.lost)}")
    return int(bool(kills.lost))


def _print(title: str, counted: Counter[str]) -> None:
    print(f"{title}:")
    for name, number in counted.most_common():
        print(f"  {number:5} {name}")


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1]), int(sys.argv[2])))
