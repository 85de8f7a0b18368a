# Copyright (c) 2026 The linux_tcp.hardening authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import sys

import pytest
from ansible_collections.linux_tcp.hardening.plugins.module_utils._facts import _nat


@pytest.mark.parametrize(("ipvs", "kubernetes"), [(False, None), (True, True)])
def test_where_nothing_is_tracked_nobody_looks_closer(monkeypatch: pytest.MonkeyPatch, ipvs: bool, kubernetes: bool | None) -> None:
    monkeypatch.setitem(sys.modules, f"{_nat.__name__}_live", None)
    nat, not_seen = _nat.look(0, ipvs, 5)
    assert (nat["snat"], nat["pools"], nat["kubernetes"], not_seen) == ([], None, kubernetes, [])
    with pytest.raises(ImportError):
        _nat.look(1, ipvs, 5)
