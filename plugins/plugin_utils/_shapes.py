# Copyright (c) 2026 The linux_tcp.hardening authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE to the collection: not for use outside it, may change at any time.

"""One checker for all data that comes from outside. A TypedDict is the only place that declares a shape.

A field can say more about itself:

    class Result(TypedDict):
        id: Annotated[str, Label()]                    # messages name this dictionary by it: "results[0] (ports-few).line"
        line: Annotated[int, AtLeast(1)] | None
        claims: Annotated[list[str], Default([])]      # what is taken where the field is missing or null
"""

from __future__ import annotations

import dataclasses
import functools
import itertools
import re
import types
import typing
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Annotated, Any, Literal, NamedTuple, TypeVar, Union

from ._escape import one_line

T = TypeVar("T")

# Signed and unsigned counters of 64 bits.
LOWEST, HIGHEST = -(2**63), 2**64 - 1
TOO_LARGE = "more than 64 bits can hold"

_SURROGATE = re.compile("[\ud800-\udfff]")
_ABSENT: Any = object()


class ShapeError(ValueError):
    """Data of another shape. The message names the place, and says what must stand there."""

    def __init__(self, problem: str) -> None:
        super().__init__(problem)
        self.place = ""
        self.problem = problem

    def inside(self, outer: str) -> ShapeError:
        """The same error, seen from one level further out. outer: that level's own step, such as "[3]" or ".line"."""
        self.place = outer + self.place
        return self

    def __str__(self) -> str:
        return f"{self.place.lstrip('.') or 'the data'} {self.problem}"


@dataclasses.dataclass(frozen=True, eq=False)
class Default:
    """The value of a field that is missing or null. It is checked like any other value."""

    value: Any


@dataclasses.dataclass(frozen=True)
class AtLeast:
    """The lowest value of a number."""

    low: int


class Label:
    """The field that names its dictionary in messages."""


class OddNumbersAsText:
    """A number that JSON or 64 bits cannot hold becomes a text, where it would else be refused."""


class _Checker(NamedTuple):
    """wanted: for messages. classes: what a value must be an instance of. run: returns the plain value, or raises ShapeError."""

    wanted: str
    classes: tuple[type, ...]
    run: Callable[[Any], Any]


_LIST_CLASSES = (list, tuple)
_DICT_CLASSES = (dict, Mapping)


def check(kind: type[T], data: object, place: str = "", *, strict: bool = False) -> T:
    """Return data as the TypedDict kind, made of plain str, int, float, bool, list and dict.

    Ansible hands over subclasses of str and dict that carry tags, or template themselves when they are read.

    strict: an unknown key is an error, and so is a missing one that may be null, and a lone surrogate, which no UTF-8 file can hold.
    Without it unknown keys are left out, a missing field that may be null becomes null, and a lone surrogate becomes U+FFFD.
    Raises ShapeError naming the place, which starts with `place`.
    """
    try:
        return typing.cast("T", _dictionary(typing.cast("Any", kind), strict).run(data))
    except ShapeError as error:
        raise error.inside(place) from None


def check_string(data: object, place: str) -> str:
    """Return data as a plain str, with U+FFFD for a lone surrogate. Raises ShapeError naming the place."""
    try:
        return typing.cast("str", _string(False).run(data))
    except ShapeError as error:
        raise error.inside(place) from None


def must_be(wanted: str, value: object) -> ShapeError:
    """The error for a value of another kind."""
    return ShapeError(f"must be {wanted}, not {_named(value)}")


def _named(value: object) -> str:
    """A value in a few words, safe to show."""
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str):
        return f"the string '{one_line(value, 40)}'"
    if isinstance(value, float) or (isinstance(value, int) and LOWEST <= value <= HIGHEST):
        return f"the number {value!r}"
    if isinstance(value, int):
        return f"a number that is {TOO_LARGE}"
    if isinstance(value, _DICT_CLASSES):
        return "a dictionary"
    return "a list" if isinstance(value, _LIST_CLASSES) else f"a value of type {type(value).__name__}"


def _checker(kind: Any, strict: bool, notes: tuple[Any, ...] = ()) -> _Checker:
    """What checks values of a type; notes: the Annotated ones around it."""
    origin, arguments = typing.get_origin(kind), typing.get_args(kind)
    if origin is Annotated:
        return _checker(arguments[0], strict, (*notes, *arguments[1:]))
    if origin is Union or origin is types.UnionType:
        return _union([_checker(each, strict, notes) for each in arguments if each is not type(None)], type(None) in arguments)
    if origin is Literal:
        return _words(arguments)
    if origin is list:
        return _list(_checker(arguments[0], strict))
    if origin is tuple:
        return _tuple([_checker(each, strict) for each in arguments])
    if origin is dict:
        return _mapping(_checker(arguments[0], strict), _checker(arguments[1], strict))
    if typing.is_typeddict(kind):
        return _dictionary(kind, strict)
    if kind is str:
        return _string(strict)
    if kind is bool:
        return _flag()
    as_text = any(isinstance(note, OddNumbersAsText) for note in notes)
    low = next((note.low for note in notes if isinstance(note, AtLeast)), LOWEST)
    return _number(kind, low, as_text)


def _string(strict: bool) -> _Checker:
    def run(value: Any) -> str:
        if not isinstance(value, str):
            raise must_be("a string", value)
        text = value if value.__class__ is str else str.__str__(value)
        if text.isascii() or not _SURROGATE.search(text):
            return text
        if strict:
            raise ShapeError("has a character that UTF-8 cannot hold (a lone surrogate)")
        return _SURROGATE.sub("\ufffd", text)

    return _Checker("a string", (str,), run)


def _flag() -> _Checker:
    def run(value: Any) -> bool:
        if not isinstance(value, bool):
            raise must_be("true or false", value)
        return value

    return _Checker("true or false", (bool,), run)


def _number(kind: Any, low: int, as_text: bool) -> _Checker:
    wanted, classes = ("a whole number", (int,)) if kind is int else ("a number", (int, float))

    def run(value: Any) -> int | float | str:
        if not isinstance(value, classes) or isinstance(value, bool):
            raise must_be(wanted, value)
        if low <= value <= HIGHEST:
            return value if value.__class__ is kind else typing.cast("int | float", kind(value))
        if as_text:
            return TOO_LARGE if isinstance(value, int) else str(value)
        raise must_be(f"{low} or more" if LOWEST <= value < low else "a number that 64 bits can hold", value)

    return _Checker(wanted, classes, run)


def _words(words: tuple[str, ...]) -> _Checker:
    wanted = "one of " + ", ".join(words)
    known = {word: word for word in words}

    def run(value: Any) -> str:
        word = known.get(value) if isinstance(value, str) else None
        if word is None:
            raise must_be(wanted, value)
        return word

    return _Checker(wanted, (str,), run)


def _union(members: list[_Checker], nullable: bool) -> _Checker:
    wanted = " or ".join(dict.fromkeys(member.wanted for member in members))
    by_type: dict[type, list[_Checker]] = {}

    def fitting(kind: type) -> list[_Checker]:
        # A bool is an int only in Python.
        exact = [member for member in members if kind is bool and bool in member.classes]
        return exact or [member for member in members if issubclass(kind, member.classes) and kind is not bool]

    def run(value: Any) -> Any:
        if value is None and nullable:
            return None
        if len(members) == 1:
            return members[0].run(value)
        fit = by_type.get(type(value))
        if fit is None:
            fit = by_type[type(value)] = fitting(type(value))
        if len(fit) == 1:
            return fit[0].run(value)
        for member in fit:
            try:
                return member.run(value)
            except ShapeError:
                continue
        raise must_be(wanted, value)

    classes = [each for member in members for each in member.classes]
    return _Checker(wanted, (*classes, *([type(None)] if nullable else [])), run)


def _list(item: _Checker) -> _Checker:
    def run(value: Any) -> list[Any]:
        if not isinstance(value, _LIST_CLASSES):
            raise must_be("a list", value)
        return _each(itertools.repeat(item), value)

    return _Checker("a list", _LIST_CLASSES, run)


def _tuple(items: list[_Checker]) -> _Checker:
    """A tuple comes as a list out of JSON, and out of Ansible."""
    wanted = f"a list of {len(items)} values"

    def run(value: Any) -> tuple[Any, ...]:
        if not isinstance(value, _LIST_CLASSES) or len(value) != len(items):
            raise must_be(wanted, value)
        return tuple(_each(items, value))

    return _Checker(wanted, _LIST_CLASSES, run)


def _each(checkers: Iterable[_Checker], values: Sequence[Any]) -> list[Any]:
    plain: list[Any] = []
    try:
        for checker, value in zip(checkers, values):
            plain.append(checker.run(value))
    except ShapeError as error:
        raise error.inside(f"[{len(plain)}]") from None
    return plain


def _mapping(key: _Checker, item: _Checker) -> _Checker:
    def run(value: Any) -> dict[Any, Any]:
        if not isinstance(value, _DICT_CLASSES):
            raise must_be("a dictionary", value)
        plain = {}
        for name, one in value.items():
            try:
                plain[key.run(name)] = item.run(one)
            except ShapeError as error:
                raise error.inside(f"['{one_line(str(name), 60)}']") from None
        return plain

    return _Checker("a dictionary", _DICT_CLASSES, run)


class _Field(NamedTuple):
    """default: None for a field that is needed, unless it is optional."""

    name: str
    run: Callable[[Any], Any]
    default: Default | None
    nullable: bool
    optional: bool


def _field(kind: Any, name: str, hint: Any, strict: bool) -> _Field:
    checker = _checker(hint, strict)
    notes = hint.__metadata__ if typing.get_origin(hint) is Annotated else ()
    nullable = type(None) in checker.classes
    default = next((note for note in notes if isinstance(note, Default)), None)
    if default is None and nullable and not strict:
        default = Default(None)
    return _Field(name, checker.run, default, nullable, name not in kind.__required_keys__)


@functools.cache
def _dictionary(kind: Any, strict: bool) -> _Checker:
    """What checks a TypedDict; made once for each."""
    hints = typing.get_type_hints(kind, include_extras=True)
    fields = [_field(kind, name, hint, strict) for name, hint in hints.items()]
    label = next((name for name, hint in hints.items() if any(isinstance(note, Label) for note in getattr(hint, "__metadata__", ()))), "")

    def value_of(data: Mapping[str, Any], field: _Field) -> Any:
        """The checked value of a field; _ABSENT where it may be missing, and is."""
        value = data.get(field.name, _ABSENT)
        if value is _ABSENT or (value is None and not field.nullable):
            if field.default is not None:
                value = field.default.value
            elif value is _ABSENT:
                if field.optional:
                    return _ABSENT
                raise ShapeError("is missing")
        return field.run(value)

    def run(data: Any) -> dict[str, Any]:
        if not isinstance(data, _DICT_CLASSES):
            raise must_be("a dictionary", data)
        for name in data if strict else ():
            if name not in hints:
                raise ShapeError("is an unknown key").inside(f".{one_line(str(name), 60)}")
        plain = {}
        for field in fields:
            try:
                value = value_of(data, field)
            except ShapeError as error:
                raise error.inside(f"{_label(data, label)}.{field.name}") from None
            if value is not _ABSENT:
                plain[field.name] = value
        return plain

    return _Checker("a dictionary", _DICT_CLASSES, run)


def _label(data: Mapping[str, Any], name: str) -> str:
    value = data.get(name)
    return f" ({one_line(value, 60)})" if isinstance(value, str) and value.strip() else ""
