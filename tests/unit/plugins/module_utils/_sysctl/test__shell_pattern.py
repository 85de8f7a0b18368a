# Copyright (c) 2026 The linux_tcp.hardening authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Shell patterns against glob(3) of this machine, and what a pattern made to keep a reader busy costs."""

from __future__ import annotations

import ctypes
import os
import platform
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from ansible_collections.linux_tcp.hardening.plugins.module_utils._sysctl._lines import matches
from ansible_collections.linux_tcp.hardening.plugins.module_utils._sysctl._shell_pattern import ANY_NAME, ShellPattern, shell_pattern
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from support.steps import steps

NAMES = (
    "a",
    "b",
    "c",
    "ab",
    "abc",
    "B",
    "5",
    "z",
    "[",
    "]",
    "[]",
    "[a",
    "a]",
    "{",
    "}",
    "{}",
    "{a,b",
    ",",
    "^",
    "!",
    "-",
    "a-",
    "\\",
    "a.b",
)
GLOB_BRACE, GLOB_NOSORT = 1 << 10, 1 << 2
Glob = Callable[[str, bool], "list[str]"]


class _Found(ctypes.Structure):
    _fields_ = (
        ("count", ctypes.c_size_t),
        ("paths", ctypes.POINTER(ctypes.c_char_p)),
        ("offset", ctypes.c_size_t),
        ("flags", ctypes.c_int),
        ("functions", ctypes.c_void_p * 8),
    )


@pytest.fixture(scope="module")
def real(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Glob]:
    """glob(3) in a folder that has NAMES, and NAMES again in the folders "d" and "e"."""
    if platform.libc_ver()[0] != "glibc":
        pytest.skip("needs glibc")
    libc = ctypes.CDLL(None)
    root = tmp_path_factory.mktemp("names")
    for folder in ("", "d", "e"):
        (root / folder).mkdir(exist_ok=True)
        for name in NAMES:
            (root / folder / name).touch()

    def glob(pattern: str, braces: bool) -> list[str]:
        found = _Found()
        wanted = GLOB_NOSORT | (GLOB_BRACE if braces else 0)
        failed = libc.glob(pattern.encode(), wanted, None, ctypes.byref(found))
        paths = [] if failed else [found.paths[index].decode() for index in range(found.count)]
        libc.globfree(ctypes.byref(found))
        return sorted(set(paths))

    here = Path.cwd()
    os.chdir(root)
    yield glob
    os.chdir(here)


def matched(pattern: str, braces: bool) -> list[str]:
    compiled = ShellPattern(pattern, braces)
    paths = ["d", "e", *NAMES, *(f"{folder}/{name}" for folder in "de" for name in NAMES)]
    found = [path for path in paths if compiled.matches(path)]
    assert all(path.startswith(compiled.head) and len(path) >= compiled.shortest for path in found)
    return sorted(found)


# fmt: off
PATTERNS = [
    "a", "*", "?", "a*", "*b", "a?c", "**", "*?*", "d/*", "*/a", "?/?", "d/?[b-]",
    "[ab]", "[!ab]", "[^ab]", "[a-c]", "[z-a]", "[a-]", "[-a]", "[]a]", "[!]a]", "[a", "[a*", "*[", "[", "[]", "[!]", "[a/b]",
    "[[:lower:]]", "[![:lower:]]", "[[:upper:]5]", "[[:digit:]-z]", "[[:alpha:]][[:alpha:]]", "[[:punct:]]", "[[:xdigit:]]",
    "[[:foo:]]", "[![:foo:]]", "[[:foo:]b]", "[b[:foo:]]", "[!b[:foo:]]", "[[:zz:]]*", "[[:lower:]", "[[:]*", "[a[:b:]",
    "[[=a=]b]", "[[.a.]b]", "[[.-.]]",
    "\\a", "\\*", "\\[a", "[\\]a]", "[a\\]]", "[a-\\c]", "[\\a-c]", "a\\", "\\", "\\\\", "*\\",
    "{a,b}", "{a}", "{}", "{}a", "{,a}b", "{a,{b,c}}", "{a,b}{b,c}", "{a,b", "{a,b*", "{a,{b,c}", "a,b}", "{a}}", "{a,b}{c", "\\{a,b",
    "{\\,,b}", "{a\\}", "{[ab],z}", "{[!a],z}?", "{d,e}/{a,b*}", "{d/a,e/[bc]}", "{d/,}a", "{{{a}}}", "{*,?}b", "{a,b}]",
]
# fmt: on


@pytest.mark.parametrize("pattern", PATTERNS)
@pytest.mark.parametrize("braces", [False, True])
def test_patterns(real: Glob, pattern: str, braces: bool) -> None:
    assert matched(pattern, braces) == real(pattern, braces)


_piece = st.one_of(st.sampled_from("aabcdz5B[]{}{},**?!^-\\/"), st.sampled_from(["[:lower:]", "[[:upper:]]", "[:foo:]", "[.a.]"]))
_pattern = st.lists(_piece, min_size=1, max_size=12).map("".join).filter(lambda pattern: "//" not in pattern and pattern[0] != "/")


@given(pattern=_pattern, braces=st.booleans())
@settings(max_examples=500, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_pattern(real: Glob, pattern: str, braces: bool) -> None:
    # A bracket expression that reaches over a brace is not modelled; a path may not end with a slash here.
    if not (braces and "{" in pattern and "[" in pattern):
        assert matched(pattern, braces) == [path for path in real(pattern, braces) if not path.endswith("/") and "//" not in path]


@given(pattern=st.text(alphabet="ab[]{},*?!^-\\/:.=", max_size=60), braces=st.booleans(), path=st.text(alphabet="ab/[]{}", max_size=20))
def test_any_text_is_a_pattern(pattern: str, braces: bool, path: str) -> None:
    ShellPattern(pattern, braces).matches(path)


def test_a_name_that_may_be_any() -> None:
    path = [*"conf/", ANY_NAME, *"/tag"]
    for pattern in ("conf/*/tag", "conf/eth0/tag", "conf/e?h[0-9]/t*", "*/*/*"):
        assert ShellPattern(pattern, False).matches(path)
    for pattern in ("conf/*/tags", "conf//tag", "conf/tag", "conf/a/b/tag", "other/*/tag"):
        assert not ShellPattern(pattern, False).matches(path)


HARD = {
    "stars": ("*?", "", ""),
    "choices": ("{*,*}", "", ""),
    "empty choices": ("{,a}", "", ""),
    "nested choices": ("{*,", "a", "}"),
    "open braces": ("{*", "", ""),
    "open brackets": ("[", "a", ""),
    "brackets that nothing closes": ("[a[:a:]", "", ""),
    "classes": ("[[:lower:]]*", "", ""),
    "ranges": ("[a-z", "a", "]"),
    "backslashes": ("\\a*", "", ""),
}


def hard(shape: str, times: int) -> str:
    start, middle, end = HARD[shape]
    return start * times + middle + end * times


@pytest.mark.parametrize("shape", HARD)
def test_twice_the_pattern_is_at_most_about_twice_the_work(shape: str) -> None:
    def work(times: int) -> int:
        return steps(lambda: ShellPattern(hard(shape, times), True).matches("a" * 20 + "b"))

    assert work(160) <= 2.2 * work(80)


@pytest.mark.parametrize("shape", HARD)
def test_twice_the_path_is_at_most_about_twice_the_work(shape: str) -> None:
    def work(length: int) -> int:
        compiled = ShellPattern(hard(shape, 30), True)
        return steps(lambda: compiled.matches("a" * length + "b"))

    assert work(800) <= 2.2 * work(400)


def test_the_line_that_took_minutes() -> None:
    """Eight of "*?", or of {*,*}, in one key."""
    shell_pattern.cache_clear()
    key = "net.ipv4.conf.default.accept_source_route"
    for part in ("*?", "{*,*}", "*?" * 8, "{*,*}" * 8):
        assert steps(lambda part=part: matches(f"net.ipv4.conf.{part * 8}x.accept_source_route", "systemd", key)) < 50_000  # type: ignore[misc]
