# Copyright (c) 2026 The linux_tcp.hardening authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The short form of `make fuzz`: a fixed number of inputs for each target, always the same ones."""

from __future__ import annotations

import pytest
from fuzz import engine
from fuzz.targets import TARGETS

SEED = 1
# An input that hangs is found; one that the machine is only slow with is not.
PATIENCE = 10.0


@pytest.mark.parametrize("name", TARGETS)
def test_no_input_breaks_it(name: str) -> None:
    target = TARGETS[name]
    outcome = engine.run(target, SEED, range(target.short), PATIENCE)
    for finding in outcome.findings.values():
        engine.save(finding.data, finding.file)
    assert not outcome.findings, "\n".join(
        f"{finding.error}\n{finding.details}Once more: make fuzz ARGS={finding.file.relative_to(engine.ROOT)}"
        for finding in outcome.findings.values()
    )
    assert outcome.inputs == target.short
