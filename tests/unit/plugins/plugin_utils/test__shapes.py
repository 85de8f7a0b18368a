# Copyright (c) 2026 The linux_tcp.hardening authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Untrusted data becomes plain data of the declared shape, or an error that names the place."""

from __future__ import annotations

import contextlib
import json
from typing import Annotated, Any, Literal, TypedDict, Union

import pytest
from ansible_collections.linux_tcp.hardening.plugins.plugin_utils._results import AuditBody, ProfileChange
from ansible_collections.linux_tcp.hardening.plugins.plugin_utils._shapes import (
    AtLeast,
    Default,
    Label,
    OddNumbersAsText,
    ShapeError,
    check,
    check_string,
)
from ansible_collections.linux_tcp.hardening.plugins.plugin_utils._snapshot_types import Snapshot
from hypothesis import given
from hypothesis import strategies as st


class Item(TypedDict):
    name: Annotated[str, Label()]
    line: Annotated[int, AtLeast(1)] | None


class Shape(TypedDict, total=False):
    word: Literal["yes", "no"]
    flag: bool
    whole: int
    number: float
    items: Annotated[list[Item], Default([])]
    named: dict[str, list[int]]
    pair: tuple[str, float]
    mixed: Union[int, str, list[int], list[list[int]]]
    evidence: Annotated[dict[str, Annotated[Union[str, int, float, bool, None], OddNumbersAsText()]], Default({})]


class Needed(TypedDict):
    text: str
    maybe: str | None
    filled: Annotated[str, Default("x")]


class Text(str):
    """As Ansible's own subclasses of str; its __str__ says something else."""

    def __str__(self) -> str:
        return "templated"


class Mapping(dict[str, Any]):
    """As Ansible's own subclasses of dict."""


class Number(int):
    """As Ansible's own subclasses of int."""


def kinds(value: object) -> set[type]:
    """Every type that stands anywhere in a value."""
    inner = [*value.keys(), *value.values()] if isinstance(value, dict) else value if isinstance(value, (list, tuple)) else []
    return {type(value)}.union(*(kinds(one) for one in inner))


def test_what_leaves_is_plain() -> None:
    data = Mapping(
        word=Text("yes"),
        whole=Number(3),
        number=Number(4),
        items=[Mapping(name=Text("a"), line=Number(1))],
        named=Mapping({Text("k"): [1]}),
    )
    found = check(Shape, data)
    assert found == {"word": "yes", "whole": 3, "number": 4.0, "items": [{"name": "a", "line": 1}], "named": {"k": [1]}, "evidence": {}}
    assert kinds(found) == {dict, list, str, int, float}


def test_what_was_checked_is_a_copy() -> None:
    data: dict[str, Any] = {"items": [], "named": {"k": []}}
    found = check(Shape, data)
    found["named"]["k"].append(1)
    found["items"].append({"name": "a", "line": None})
    assert data == {"items": [], "named": {"k": []}}
    assert check(Shape, {})["items"] == []


@pytest.mark.parametrize(
    ("data", "message"),
    [
        ([], "the data must be a dictionary, not a list"),
        ({"word": "maybe"}, "word must be one of yes, no, not the string 'maybe'"),
        ({"word": ["yes"]}, "word must be one of yes, no, not a list"),
        ({"flag": 1}, "flag must be true or false, not the number 1"),
        ({"whole": True}, "whole must be a whole number, not true"),
        ({"whole": 1.0}, "whole must be a whole number, not the number 1.0"),
        ({"whole": None}, "whole must be a whole number, not null"),
        ({"whole": 2**64}, "whole must be a number that 64 bits can hold, not a number that is more than 64 bits can hold"),
        ({"whole": -(2**63) - 1}, "whole must be a number that 64 bits can hold"),
        ({"whole": 10**5000}, "whole must be a number that 64 bits can hold"),
        ({"number": float("nan")}, "number must be a number that 64 bits can hold, not the number nan"),
        ({"number": float("-inf")}, "number must be a number that 64 bits can hold, not the number -inf"),
        ({"number": "1"}, "number must be a number, not the string '1'"),
        ({"number": False}, "number must be a number, not false"),
        ({"items": {}}, "items must be a list, not a dictionary"),
        ({"items": "ab"}, "items must be a list, not the string 'ab'"),
        ({"items": [{"name": "a"}, {}]}, "items[1].name is missing"),
        ({"items": [{"name": "a", "line": 0}]}, "items[0] (a).line must be 1 or more, not the number 0"),
        ({"items": [{"name": "\x1b[2J", "line": "1"}]}, "items[0] (\\x1b[2J).line must be a whole number, not the string '1'"),
        ({"named": {"a": [1], "b\x07": [1, "2"]}}, "named['b\\x07'][1] must be a whole number, not the string '2'"),
        ({"named": {1: []}}, "named['1'] must be a string, not the number 1"),
        ({"pair": ["a"]}, "pair must be a list of 2 values, not a list"),
        ({"pair": ["a", "b"]}, "pair[1] must be a number, not the string 'b'"),
        ({"mixed": 1.5}, "mixed must be a whole number or a string or a list, not the number 1.5"),
        ({"mixed": True}, "mixed must be a whole number or a string or a list, not true"),
        ({"mixed": [1, "2"]}, "mixed must be a whole number or a string or a list, not a list"),
        ({"flag": object()}, "flag must be true or false, not a value of type object"),
    ],
)
def test_the_message_names_the_place_and_what_must_stand_there(data: object, message: str) -> None:
    with pytest.raises(ShapeError) as caught:
        check(Shape, data)
    assert str(caught.value).startswith(message)
    assert str(caught.value).isprintable()


def test_the_place_starts_where_the_caller_says() -> None:
    with pytest.raises(ShapeError, match=r"^hosts\[3\]\.flag must be"):
        check(Shape, {"flag": 5}, "hosts[3]")
    with pytest.raises(ShapeError, match=r"^hosts\[3\] must be a dictionary"):
        check(Shape, 5, "hosts[3]")


@pytest.mark.parametrize("value", [1, "a", [1, 2], [[1], [2]], []])
def test_a_union_takes_each_of_its_kinds(value: object) -> None:
    assert check(Shape, {"mixed": value})["mixed"] == value


def test_a_pair_comes_back_as_a_tuple() -> None:
    assert check(Shape, {"pair": ["a", 1]})["pair"] == ("a", 1.0)


def test_an_odd_number_in_the_evidence_is_shown_and_not_refused() -> None:
    odd = {"a": 2**64, "b": float("nan"), "c": float("-inf"), "d": 2**64 - 1, "e": True, "f": None, "g": 0.5}
    assert check(Shape, {"evidence": odd})["evidence"] == {**odd, "a": "more than 64 bits can hold", "b": "nan", "c": "-inf"}


def test_without_strict_what_is_missing_is_filled_in_and_what_is_unknown_left_out() -> None:
    assert check(Needed, {"text": "a\udc80", "more": 1}) == {"text": "a\ufffd", "maybe": None, "filled": "x"}
    assert check(Needed, {"text": "a", "maybe": "b", "filled": None}) == {"text": "a", "maybe": "b", "filled": "x"}


@pytest.mark.parametrize(
    ("data", "message"),
    [
        ({"text": "a", "maybe": None, "more": 1}, "more is an unknown key"),
        ({"text": "a"}, "maybe is missing"),
        ({"text": "a\udc80", "maybe": None}, "text has a character that UTF-8 cannot hold"),
        ({"maybe": None}, "text is missing"),
    ],
)
def test_strict_refuses_what_is_missing_or_unknown(data: object, message: str) -> None:
    with pytest.raises(ShapeError, match=message):
        check(Needed, data, strict=True)


def test_a_single_string() -> None:
    plain = check_string(Text("a\ud800"), "x")
    assert (plain, type(plain)) == ("a\ufffd", str)
    with pytest.raises(ShapeError, match=r"^x must be a string, not a list"):
        check_string([], "x")


anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=8,
)


@given(data=st.dictionaries(st.sampled_from(sorted(Shape.__annotations__)), anything) | anything)
def test_whatever_comes_is_plain_json_or_an_error(data: object) -> None:
    with contextlib.suppress(ShapeError):
        found = check(Shape, data)
        assert check(Shape, json.loads(json.dumps(found, allow_nan=False))) == found


@pytest.mark.parametrize("kind", [AuditBody, ProfileChange, Snapshot])
def test_the_declared_shapes_can_be_checked(kind: type) -> None:
    with pytest.raises(ShapeError, match="must be a dictionary"):
        check(kind, [])
