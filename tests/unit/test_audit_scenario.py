# Copyright (c) 2026 The linux_tcp.hardening authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The scenario `audit` leaves no rule out without a reason, and plants nothing for nothing."""

from __future__ import annotations

from ansible_collections.linux_tcp.hardening.plugins.plugin_utils._rules import CATALOGUE
from support.audit_scenario import HOSTS, NOT_SHOWN
from support.faults import FAULTS

SHOWN = {result.id for host in HOSTS.values() for result in host.results}


def test_every_rule_is_shown_by_a_host_or_has_a_reason_why_not() -> None:
    assert sorted(CATALOGUE) == sorted([*SHOWN, *NOT_SHOWN])
    assert all(NOT_SHOWN.values())


def test_every_planted_fault_is_expected_to_be_found() -> None:
    for host in HOSTS.values():
        assert set(host.faults) <= set(FAULTS)
        assert set(host.faults) <= {result.id for result in host.results}
