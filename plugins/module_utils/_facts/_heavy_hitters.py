# Copyright (c) 2026 The linux_tcp.hardening authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE to the collection: not for use outside it, may change at any time.

"""Heavy hitters: the largest of many groups by count, in a table of bounded size, with a bound on the error."""

from __future__ import annotations

from collections import Counter
from typing import Iterable

_KEPT_GROUPS = 2048


class HeavyHitters:
    """Counts groups in bounded memory (Misra and Gries, with batched reductions).

    counts: group to its count, which may be too low, by error_bound at most; it is never too high.
    """

    def __init__(self, kept: int = _KEPT_GROUPS) -> None:
        self.counts: Counter[bytes] = Counter()
        self.error_bound = 0
        self._kept = kept

    def add(self, groups: Iterable[bytes]) -> None:
        """Count each of the groups once more."""
        self.counts.update(groups)
        if len(self.counts) > 2 * self._kept:
            cut = sorted(self.counts.values(), reverse=True)[self._kept]
            self.error_bound += cut
            self.counts = Counter({group: count - cut for group, count in self.counts.items() if count > cut})
