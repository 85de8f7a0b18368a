# Copyright (c) 2026 The linux_tcp.hardening authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What is done with the tools of the firewall: which is asked, and what is said where none answers. The kernel's part: test__conntrack."""

from __future__ import annotations

import typing as t
from pathlib import Path

import pytest
from ansible_collections.linux_tcp.hardening.plugins.module_utils._facts import _nat
from ansible_collections.linux_tcp.hardening.plugins.module_utils._facts._conntrack import SnatTally

NFT_JSON = '{"nftables": [{"rule": {"expr": [{"snat": {"addr": "192.0.2.1"}}]}}]}'
BY_IPTABLES = '{"nftables": [{"rule": {"expr": [{"xt": {"name": "SNAT"}}]}}]}'
SAVED = "*nat\n-A POSTROUTING -j SNAT --to-source 192.0.2.9\nCOMMIT\n"


@pytest.fixture
def tools(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> t.Callable[..., None]:
    """Only the tools that the test makes, each of which prints a text or fails."""
    monkeypatch.setattr(_nat, "_FOLDERS", str(tmp_path))
    monkeypatch.setenv("PATH", str(tmp_path))
    whole = SnatTally()
    whole.done = True
    monkeypatch.setattr(_nat, "snat_uses", lambda top: (whole, []))

    def make(**answers: str | None) -> None:
        for name, text in answers.items():
            tool = tmp_path / name.replace("_", "-")
            tool.write_text("#!/bin/sh\nexit 3\n" if text is None else f"#!/bin/sh\n/bin/cat <<'END'\n{text}\nEND\n")
            tool.chmod(0o755)

    return make


def lows(nat: t.Any) -> list[t.Any] | None:
    return None if nat["pools"] is None else [pool["low"] for pool in nat["pools"]]


@pytest.mark.parametrize(
    ("answers", "source", "expected", "said"),
    [
        ({"nft": NFT_JSON}, "nft", ["192.0.2.1"], ""),
        ({"nft": NFT_JSON, "iptables_save": SAVED}, "nft", ["192.0.2.1"], ""),
        ({"nft": BY_IPTABLES, "iptables_save": SAVED}, "iptables-save", ["192.0.2.9"], ""),
        ({"iptables_save": SAVED}, "iptables-save", ["192.0.2.9"], ""),
        ({"nft": None, "iptables_save": SAVED}, "iptables-save", ["192.0.2.9"], ""),
        ({"nft": None}, None, None, "nft failed (exit code 3)"),
        ({"nft": "no JSON"}, "nft", None, "something else than JSON"),
        ({}, None, None, "there is no nft"),
    ],
)
def test_who_tells_the_rules(
    tools: t.Callable[..., None], answers: dict[str, str | None], source: str | None, expected: list[str] | None, said: str
) -> None:
    tools(**answers)
    nat, not_seen = _nat.look(5, False, 20)
    assert lows(nat) == expected
    assert nat["rules_from"] == (source if expected else None)
    assert (said in not_seen[0]) if said else not_seen == []


def test_where_nothing_is_tracked_no_program_is_started(tools: t.Callable[..., None]) -> None:
    tools(nft=NFT_JSON)
    nat, not_seen = _nat.look(0, False, 20)
    assert (nat["snat"], nat["pools"], nat["dnat"], nat["kubernetes"], not_seen) == ([], None, None, None, [])


def test_ipvs_is_a_trace_of_kubernetes(tools: t.Callable[..., None]) -> None:
    assert _nat.look(0, True, 20)[0]["kubernetes"] is True


def test_too_much_text_is_refused(tools: t.Callable[..., None], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_nat, "MAX_RULES_BYTES", 10)
    tools(nft=NFT_JSON)
    assert "printed more than" in _nat.look(5, False, 20)[1][0]


def test_entries_that_cannot_be_listed_are_unknown(tools: t.Callable[..., None], monkeypatch: pytest.MonkeyPatch) -> None:
    tools(nft=NFT_JSON)
    monkeypatch.setattr(_nat, "snat_uses", lambda top: (None, ["refused"]))
    nat, not_seen = _nat.look(5, False, 20)
    assert (nat["snat"], not_seen, lows(nat)) == (None, ["refused"], ["192.0.2.1"])
