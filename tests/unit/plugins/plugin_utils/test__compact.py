# Copyright (c) 2026 The linux_tcp.hardening authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What check() fills in again is left out, and nothing else."""

from __future__ import annotations

from typing import Annotated, Any, TypedDict

import pytest
from ansible_collections.linux_tcp.hardening.plugins.plugin_utils._compact import compact
from ansible_collections.linux_tcp.hardening.plugins.plugin_utils._shapes import Default, check
from hypothesis import given
from hypothesis import strategies as st


class Inner(TypedDict):
    needed: str
    text: Annotated[str, Default("")]
    number: int | None


class Outer(TypedDict):
    needed: int
    flag: Annotated[bool, Default(True)]
    inner: Annotated[Inner | None, Default(None)]
    empty: Annotated[dict[str, int], Default({})]
    items: Annotated[list[Inner], Default([])]


WHOLE = {"needed": "x", "text": "x", "number": 0}
INNER = st.fixed_dictionaries(
    {"needed": st.sampled_from(["", "x"]), "text": st.sampled_from(["", "x"]), "number": st.sampled_from([None, 0])}
)
OUTER = st.fixed_dictionaries(
    {
        "needed": st.sampled_from([0, 1]),
        "flag": st.booleans(),
        "inner": st.none() | INNER,
        "empty": st.sampled_from([{}, {"a": 0}]),
        "items": st.lists(INNER, max_size=2),
    }
)


@given(OUTER)
def test_what_was_left_out_is_filled_in_again(data: Any) -> None:
    assert check(Outer, compact(Outer, data)) == data


@pytest.mark.parametrize(
    ("data", "small"),
    [
        ({"needed": 0, "flag": True, "inner": None, "empty": {}, "items": []}, {"needed": 0}),
        (
            {"needed": 0, "flag": False, "inner": None, "empty": {"a": 0}, "items": [{"needed": "", "text": "", "number": None}]},
            {"needed": 0, "flag": False, "empty": {"a": 0}, "items": [{"needed": ""}]},
        ),
        ({"needed": 0, "items": [WHOLE]}, {"needed": 0, "items": [WHOLE]}),
        ({"needed": 0, "other": None}, {"needed": 0, "other": None}),
    ],
)
def test_only_defaults_are_left_out(data: Any, small: Any) -> None:
    assert compact(Outer, data) == small
