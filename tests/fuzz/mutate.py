# Copyright (c) 2026 The linux_tcp.hardening authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Makes new inputs from old ones: bytes, lines and words of a text, the nodes of nested data, the files of a folder.

Everything takes the random numbers that it uses, so that one seed always makes the same inputs.
"""

from __future__ import annotations

import copy
import datetime
import json
import random
import re
from collections.abc import Callable, Sequence
from typing import Any

from support.audits import HOSTILE

MAX_BYTES = 1 << 16
# Once in so many inputs a piece is repeated up to this size: work that grows faster than its input shows there.
LONG_EVERY = 400
MAX_LONG_BYTES = 1 << 18
_MOST_CHANGES = 8
_NESTED = 60

NUMBERS: tuple[str, ...] = (
    "0",
    "-0",
    "00",
    "-1",
    "+1",
    "1_0",
    "0x10",
    "010",
    "1e9",
    "1.5",
    "255",
    "256",
    "65535",
    "65536",
    "2147483647",
    "2147483648",
)
NUMBERS += ("-2147483649", "9223372036854775808", "18446744073709551615", "18446744073709551616", "9" * 20, "9" * 25, "9" * 5000)
# Digits to str.isdigit() that int() refuses, and digits that it takes.
NUMBERS += ("\u00b2", "\u2460", "\u0663", "\uff11", "nan", "inf", "-")
BREAKS = ("\n", "\r", "\r\n", "\0", "\x0b", "\x0c", "\x1c", "\x85", "\u2028", "\ufeff", "\t", " ", "  ", "\x1b[2J", "\u202e", "\ufffd")
SIGNS = (*"#;=:-/.,|@*?[]{}\\'\"%<>&()", "..", "::", "[!", "[[:alpha:]]", "{a,b}", "--", "](", "*", "]]>", "%s", "${", "~")
WORDS = (*NUMBERS, *BREAKS, *SIGNS, *(text for text in HOSTILE.values() if len(text) < 100))

Pool = Sequence[bytes]
Mutator = Callable[[random.Random, Pool], bytes]

_WORD = re.compile(rb"[\w.+-]+")


def _bytes(text: str) -> bytes:
    # A lone surrogate becomes the three bytes that no UTF-8 text has.
    return text.encode("utf-8", "surrogatepass")


def text(vocabulary: Sequence[str] = ()) -> Mutator:
    """A mutator of texts. vocabulary: words of the format, to be put where other words are."""
    words = [_bytes(word) for word in (*WORDS, *vocabulary)]

    def mutate(rng: random.Random, pool: Pool) -> bytes:
        return changed(rng, rng.choice(pool), pool, words)

    return mutate


def changed(rng: random.Random, data: bytes, pool: Pool, words: Sequence[bytes]) -> bytes:
    """One to some changes of a text."""
    for _change in range(_how_many(rng)):
        data = rng.choice(_CHANGES)(rng, data, pool, words)[:MAX_BYTES]
    return _repeated(rng, data, MAX_LONG_BYTES) if rng.randrange(LONG_EVERY) == 0 else data


def _how_many(rng: random.Random) -> int:
    count = 1
    while count < _MOST_CHANGES and rng.random() < 0.5:
        count += 1
    return count


def _piece(rng: random.Random, data: bytes) -> tuple[int, int]:
    start = rng.randrange(len(data) + 1)
    return start, min(len(data), start + (rng.randrange(8) if rng.random() < 0.5 else rng.randrange(1 + len(data))))


def _flip(rng: random.Random, data: bytes, _pool: Pool, _words: Sequence[bytes]) -> bytes:
    if not data:
        return data
    at = rng.randrange(len(data))
    return data[:at] + bytes((data[at] ^ 1 << rng.randrange(8),)) + data[at + 1 :]


def _cut(rng: random.Random, data: bytes, _pool: Pool, _words: Sequence[bytes]) -> bytes:
    start, end = _piece(rng, data)
    return data[:start] + data[end:]


def _truncate(rng: random.Random, data: bytes, _pool: Pool, _words: Sequence[bytes]) -> bytes:
    return data[: rng.randrange(len(data) + 1)]


def _insert(rng: random.Random, data: bytes, _pool: Pool, words: Sequence[bytes]) -> bytes:
    at = rng.randrange(len(data) + 1)
    return data[:at] + (rng.choice(words) if rng.random() < 0.8 else rng.randbytes(rng.randrange(1, 9))) + data[at:]


def _double(rng: random.Random, data: bytes, _pool: Pool, _words: Sequence[bytes]) -> bytes:
    start, end = _piece(rng, data)
    return data[:end] + data[start:]


def _repeat(rng: random.Random, data: bytes, _pool: Pool, _words: Sequence[bytes]) -> bytes:
    return _repeated(rng, data, min(MAX_BYTES, 8 * len(data)))


def _repeated(rng: random.Random, data: bytes, limit: int) -> bytes:
    start, end = _piece(rng, data)
    piece = data[start:end] or b"*"
    return data[:start] + piece * (max(0, limit - len(data)) // len(piece)) + data[end:]


def _word(rng: random.Random, data: bytes, _pool: Pool, words: Sequence[bytes]) -> bytes:
    """Another word in the place of one; looked for from some place on, so that long texts cost no more."""
    at = rng.randrange(len(data) + 1)
    found = _WORD.search(data, at, at + 400) or _WORD.search(data, 0, 400)
    return data[: found.start()] + rng.choice(words) + data[found.end() :] if found else data


def _lines(rng: random.Random, data: bytes, pool: Pool, _words: Sequence[bytes]) -> bytes:
    lines = data.split(b"\n")
    one, other = rng.randrange(len(lines)), rng.randrange(len(lines))
    how = rng.randrange(5)
    if how == 0:
        lines[one], lines[other] = lines[other], lines[one]
    elif how == 1:
        del lines[min(one, other) : max(one, other)]
    elif how == 2:
        lines.insert(one, lines[other])
    elif how == 3:
        lines.insert(one, rng.choice(rng.choice(pool).split(b"\n")))
    else:
        lines[one] = rng.choice((b"", b" ", b"#")) + lines[one] + rng.choice((b"", b" ", b"\r", b"\\"))
    return b"\n".join(lines)


def _splice(rng: random.Random, data: bytes, pool: Pool, _words: Sequence[bytes]) -> bytes:
    other = rng.choice(pool)
    return data[: rng.randrange(len(data) + 1)] + other[rng.randrange(len(other) + 1) :]


_CHANGES: tuple[Callable[[random.Random, bytes, Pool, Sequence[bytes]], bytes], ...] = (
    *(_flip, _cut, _truncate, _insert, _insert, _insert, _double, _repeat),
    *(_word, _word, _word, _lines, _lines, _lines, _splice),
)

_ODD: tuple[Any, ...] = (
    *(None, True, False, 0, -1, 1, 65536, 2**31, 2**63, 2**64, 10**30, -(10**30), 0.0, -0.0, 0.1, 1.5, 1e300),
    *(
        float("nan"),
        float("inf"),
        float("-inf"),
        "",
        " ",
        [],
        {},
        [[]],
        [None],
        {"": None},
        "\ud800",
        "\0",
        "!date",
        "!moment",
        "!bytes",
        "!tuple",
        "!set",
    ),
)


def data(vocabulary: Sequence[str] = (), as_text: int = 0) -> Mutator:
    """A mutator of nested data, which stands in the inputs as JSON.

    as_text: once in so many inputs the JSON is changed as a text; 0: never, for a reader that gets it parsed.
    """
    spoiled = text()

    def mutate(rng: random.Random, pool: Pool) -> bytes:
        if as_text and rng.randrange(as_text) == 0:
            return spoiled(rng, pool)
        value = json.loads(rng.choice(pool))
        for _change in range(_how_many(rng)):
            value = _with_a_change(rng, value, pool, vocabulary)
        made = dumped(value)
        return made if len(made) <= MAX_LONG_BYTES else rng.choice(pool)

    return mutate


def dumped(value: object) -> bytes:
    """Data as the inputs hold it."""
    return json.dumps(value).encode("ascii")


def undumped(data: bytes) -> Any:
    """The data of an input, with what YAML knows beside JSON: dates, bytes, tuples, and keys that are numbers."""
    return _from_yaml(json.loads(data))


def _from_yaml(value: Any) -> Any:
    if isinstance(value, dict):
        return {int(key) if key in ("0", "1", "80") else key: _from_yaml(one) for key, one in value.items()}
    if isinstance(value, list):
        return [_from_yaml(one) for one in value]
    if isinstance(value, str) and value in _YAML:
        return _YAML[value]
    return value


_YAML = {"!date": datetime.date(2026, 1, 1), "!moment": datetime.datetime(2026, 1, 1, 5), "!bytes": b"x", "!tuple": (1, "x"), "!set": {1}}


def _with_a_change(rng: random.Random, value: Any, pool: Pool, vocabulary: Sequence[str]) -> Any:
    """Walks down some levels, and changes what is there."""
    if not isinstance(value, (dict, list)) or not value or rng.random() < 0.15:
        return _changed_node(rng, value, pool, vocabulary)
    place = rng.choice(list(value)) if isinstance(value, dict) else rng.randrange(len(value))
    how = rng.random()
    if how < 0.06:
        del value[place]
    elif how < 0.12 and isinstance(value, dict):
        value[rng.choice(vocabulary) if vocabulary and rng.random() < 0.5 else odd_text(rng, str(place))] = value.pop(place)
    elif isinstance(value, list) and how < 0.12:
        value.insert(rng.randrange(len(value)), value[place])
    else:
        value[place] = _with_a_change(rng, value[place], pool, vocabulary)
    return value


def _changed_node(rng: random.Random, value: Any, pool: Pool, vocabulary: Sequence[str]) -> Any:
    how = rng.randrange(8)
    if how <= 1 and isinstance(value, str):
        return odd_text(rng, value)
    if how == 2:
        for _level in range(rng.randrange(1, _NESTED) if rng.randrange(4) == 0 else 1):
            value = [value] if rng.random() < 0.5 else {"a": value}
        return value
    if how == 3:
        return _some_node(rng, json.loads(rng.choice(pool)))
    if how == 4 and isinstance(value, (list, dict)) and value:
        if isinstance(value, list):
            return (value * rng.randrange(2, 50))[:2000]
        return {**value, **{odd_text(rng, str(key)): one for key, one in list(value.items())[:20]}}
    if how == 5 and vocabulary:
        return rng.choice(vocabulary)
    return odd_text(rng, "x") if how == 6 else copy.deepcopy(rng.choice(_ODD))


def _some_node(rng: random.Random, value: Any) -> Any:
    while isinstance(value, (dict, list)) and value and rng.random() < 0.7:
        value = rng.choice(list(value.values()) if isinstance(value, dict) else value)
    return value


def odd_text(rng: random.Random, word: str) -> str:
    """A text that people and programs are not used to."""
    if rng.random() < 0.3:
        return rng.choice(list(HOSTILE.values()))
    at = rng.randrange(len(word) + 1)
    odd: str = word[:at] + rng.choice(WORDS) + word[at:]
    return odd * rng.choice((1, 1, 1, 1, 2, 50))


def folder(names: Sequence[str], vocabulary: Sequence[str] = ()) -> Mutator:
    """A mutator of folders: JSON of path to content, each byte as the character of the same number, or to {"link": target}.

    names: paths that mean something to the reader.
    """
    words = [_bytes(word) for word in (*WORDS, *vocabulary)]

    def mutate(rng: random.Random, pool: Pool) -> bytes:
        files: dict[str, Any] = json.loads(rng.choice(pool))
        for _change in range(_how_many(rng)):
            path = rng.choice(list(files)) if files else rng.choice(names)
            how = rng.randrange(10)
            if how == 0:
                files.pop(path, None)
            elif how == 1:
                files[rng.choice(names)] = files.get(path, "")
            elif how == 2:
                files[rng.choice(names)] = {"link": rng.choice((*names, *files, "../" * 9 + "etc", "/dev/null", ".", "..", path))}
            elif how == 3:
                files[_odd_path(rng, path)] = files.get(path, "")
            elif isinstance(files.get(path, ""), str):
                contents = [_latin(one) for one in files.values() if isinstance(one, str)] or [b""]
                files[path] = changed(rng, _latin(files.get(path, "")), contents, words)[:MAX_BYTES].decode("latin-1")
        return dumped(files)

    return mutate


def _latin(content: str) -> bytes:
    return content.encode("latin-1")


def _odd_path(rng: random.Random, path: str) -> str:
    top, slash, name = path.rpartition("/")
    odd = rng.choice(
        ("-", " ", "\n", "\x1b", "..", ".", "a.conf", ".conf", "*.conf", "[a.conf", "z~", "\udcff.conf", "{a,b}.conf", "x" * 200)
    )
    return top + slash + (odd if rng.random() < 0.5 else odd + name)
