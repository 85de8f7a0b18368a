# Copyright (c) 2026 The linux_tcp.hardening authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Which ports stay reserved: a function of what was there, of the record and of who listens."""

from __future__ import annotations

import pytest
from ansible_collections.linux_tcp.hardening.plugins.module_utils._profile._reserved_ports import (
    Listening,
    Question,
    ask,
    ports_text,
    reserve,
)
from ansible_collections.linux_tcp.hardening.plugins.module_utils._profile._steps import Original
from support.transactions import RANGE, RESERVED

KEYS = {RANGE: "32768\t60999", RESERVED: "9000"}


def question(now: str = "", original: Original | None = None, settings: dict[str, str | None] | None = None) -> Question:
    asked = ask(settings or {}, {**KEYS, RESERVED: now}, original)
    assert asked
    return asked


@pytest.mark.parametrize(
    ("now", "original", "ours", "theirs"),
    [
        ("9000", None, "", "9000"),
        ("9000,40000", Original("9000", "9000,40000"), "40000", "9000"),
        # An admin has added one port and taken another away since.
        ("9001,40000", Original("9000", "9000,40000"), "40000", "9001"),
        # After a restart without the boot file.
        ("9000", Original("9000", "9000,40000"), "40000", "9000"),
        # The whole range, as an earlier version of the collection may have left it.
        ("32768-60999", Original("", "32768-60999"), "32768-60999", ""),
    ],
)
def test_what_the_collection_has_reserved_is_told_from_the_rest(now: str, original: Original | None, ours: str, theirs: str) -> None:
    asked = question(now, original)
    assert (ports_text(asked.ours), ports_text(asked.theirs)) == (ours, theirs)


def test_ports_of_the_settings_are_the_profiles() -> None:
    asked = question("40000", Original("9000", "9000,40000"), {RESERVED: "8080"})
    assert (ports_text(asked.ours), ports_text(asked.theirs)) == ("9000,40000", "8080")


@pytest.mark.parametrize(
    ("settings", "keys", "span"),
    [
        ({}, {}, (32768, 60999)),
        ({RANGE: "16384 65535"}, {}, (16384, 65535)),
        # It is refused later; until then the range of now serves.
        ({RANGE: "20000"}, {}, (32768, 60999)),
        ({RANGE: None}, {}, (32768, 60999)),
        ({}, {RANGE: None}, None),
        ({}, {RESERVED: None}, None),
    ],
)
def test_the_range_is_that_of_the_settings_or_of_now(
    settings: dict[str, str | None], keys: dict[str, str | None], span: tuple[int, int] | None
) -> None:
    asked = ask(settings, {**KEYS, **keys}, None)
    assert (asked and (asked.low, asked.high)) == span


def test_a_twentieth_of_the_range_is_the_most() -> None:
    assert question().most == 1411
    assert question(settings={RANGE: "20000 20019"}).most == 1


@pytest.mark.parametrize(
    ("now", "original", "services", "before", "after", "added", "reason"),
    [
        ("", None, [40000], "", "40000", [40000], ""),
        ("9000", None, [40000, 40001], "9000", "9000,40000-40001", [40000, 40001], ""),
        ("9000,40000", Original("9000", "9000,40000"), [40000], "9000", "9000,40000", [], ""),
        (
            "9000,40000",
            Original("9000", "9000,40000"),
            [41000],
            "9000",
            "9000,41000",
            [41000],
            "released, as no service listens there now: 40000",
        ),
        ("32768-60999", Original("", "32768-60999"), [], "", "", [], "released, as no service listens there now: 32768-60999"),
        # What is reserved by hand stays, whoever listens.
        ("40000", None, [], "40000", "40000", [], ""),
        ("40000,40001", Original("", "40001"), [40001], "40000", "40000-40001", [], ""),
    ],
)
def test_the_list_is_what_was_there_before_and_the_services_of_now(
    now: str, original: Original | None, services: list[int], before: str, after: str, added: list[int], reason: str
) -> None:
    got = reserve(question(now, original), Listening(frozenset(services), "", True), now)
    assert got == (before, after, added, reason)


def test_a_kernel_without_a_list_of_udp_sockets_is_told() -> None:
    got = reserve(question(), Listening(frozenset(), "", False), "")
    assert "udp_diag" in got.reason


def test_the_same_services_once_more_change_nothing() -> None:
    first = reserve(question("9000"), Listening(frozenset({40000}), "", True), "9000")
    original = Original(first.before, first.after)
    again = reserve(question(first.after, original), Listening(frozenset({40000}), "", True), first.after)
    assert (again.before, again.after, again.added, again.reason) == (first.before, first.after, [], "")
