# Copyright (c) 2026 The linux_tcp.hardening authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a check found on a guest."""

from __future__ import annotations

import dataclasses
import typing as t


@dataclasses.dataclass(frozen=True)
class Check:
    """passed: whether all is as promised. figures: what was measured. differences: what is not as promised, one sentence each."""

    passed: bool
    figures: dict[str, t.Any]
    differences: list[str]


def failed_at(why: Exception) -> Check:
    """The check could not be made."""
    text = " ".join(str(why).split())
    return Check(False, {}, [f"the check ended early: {type(why).__name__}: {text[-400:]}"])
