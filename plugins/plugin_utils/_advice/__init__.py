# Copyright (c) 2026 The linux_tcp.hardening authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE to the collection: not for use outside it, may change at any time.


"""Advice: every cure of the two documents, weighed by the evidence of one host. One file a kind of failure, one function a cure.

To add a cure, add its function in one of these files and its rows in tests/unit/plugins/plugin_utils/_advice/test_cures.py.
"""

from __future__ import annotations

import typing as t

from .._results import SEVERITIES
from . import nat, ports, server, stuck, wrong
from ._base import CURES as REGISTERED
from ._base import Assessment, Case, Cure, advice
from ._runtimes import of_namespace

if t.TYPE_CHECKING:
    from .._results import Advice

# Importing a file registers its cures; this is their order among cures of equally severe failures.
_FILES = [file.__name__.rsplit(".", 1)[-1] for file in (stuck, ports, nat, server, wrong)]
CURES: dict[str, Cure] = {cure.id: cure for cure in sorted(REGISTERED.values(), key=lambda cure: _FILES.index(cure.file))}

__all__ = ["CURES", "Case", "Cure", "advise", "of_namespace"]


def advise(case: Case) -> list[Advice]:
    """Every cure, best first: those that apply, by how severe the failure is, then those that are not needed, then the wrong ones."""
    assessed = [(cure, cure.assess(case)) for cure in CURES.values()]
    assessed.sort(key=lambda pair: _place(pair[1]))
    return [advice(cure, assessment) for cure, assessment in assessed]


def _place(assessment: Assessment) -> tuple[bool, int, bool]:
    severity = len(SEVERITIES) if assessment.severity is None else SEVERITIES.index(assessment.severity)
    return (assessment.wrong, severity, assessment.last)
