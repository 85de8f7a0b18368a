# Copyright (c) 2026 The linux_tcp.hardening authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE to the collection: not for use outside it, may change at any time.

"""Which lines of a text are run or applied together: branches of an `if` or `case` apart, blocks in braces apart.

In languages with words in place of braces, such as Python, Ruby and Lua, a branch is what is indented more than the line that opens it.
"""

from __future__ import annotations

import re
import typing as t

if t.TYPE_CHECKING:
    from ._found import Style

_SHELL = re.compile(r"(?:^|;|&&|\|\|)\s*(?:(?P<branch>if|case)\b|(?P<next>elif|else)\b|(?P<close>fi|esac)\b)|(?P<other>;;)")
_TEMPLATE = re.compile(
    r"(?:\{%[-+]?|<%-?|\{\{-?)\s*(?:(?P<branch>if|unless|case)\b|(?P<next>elif|else|elsif|when)\b|(?P<close>end\w*)"
    r"|(?P<open>(?:range|with|define|block|for|macro|raw|call|filter)\b|[^%}]*\bdo\b))"
)
_CODE_BRANCH = re.compile(r"(?:if|elif|elsif|elseif|else|unless|when|case|match|rescue|except)\b(?!\s*=)")
_STRINGS = re.compile(r"\"(?:[^\"\\]|\\.)*\"|'(?:[^'\\]|\\.)*'|(?:\s|^)#(?!\{).*|(?:\s|^)//.*")
_DEEPEST = 200
_LONGEST_LINE = 2000


class Block(t.NamedTuple):
    """name: "" outside of all blocks. outer: the name of the block around it."""

    name: str
    outer: str


def block_of_lines(text: str, style: Style, first_line: int = 1) -> list[Block]:
    """The block of each line; first_line: the number of the first one, for the names."""
    lines = text.split("\n")
    if style != "code":
        return list(_branches(enumerate(lines, first_line), style == "shell"))
    numbered = zip(_indented(enumerate(lines, first_line)), _braces(enumerate(lines, first_line)))
    return [Block(_both(branch, block.name), _both(branch, block.outer)) for branch, block in numbered]


def _both(branch: str, block: str) -> str:
    return ", ".join(filter(None, (block, branch)))


def _indented(lines: t.Iterable[tuple[int, str]]) -> t.Iterator[str]:
    """The innermost branch of each line, by indentation; the line that opens a branch belongs to it."""
    stack: list[tuple[int, str]] = []
    for number, line in lines:
        text = line[:_LONGEST_LINE].strip()
        if text and not text.startswith(("#", "//")):
            indent = len(line[:_LONGEST_LINE]) - len(line[:_LONGEST_LINE].lstrip())
            while stack and indent <= stack[-1][0]:
                stack.pop()
            # What opens a brace ends with one.
            if _CODE_BRANCH.match(text) and not text.endswith("{"):
                stack.append((indent, f"the branch at line {number}"))
            del stack[_DEEPEST:]
        yield stack[-1][1] if stack else ""


def _branches(lines: t.Iterable[tuple[int, str]], shell: bool) -> t.Iterator[Block]:
    stack = [""]
    for number, line in lines:
        line = line[:_LONGEST_LINE]
        name = stack[-1]
        steps = [*_TEMPLATE.finditer(line)] if "{" in line or "<%" in line else []
        if shell:
            steps += _SHELL.finditer(line)
        for step in steps:
            if step.lastgroup in ("branch", "open"):
                name = f"the branch at line {number}" if step.lastgroup == "branch" else name
                stack.append(name)
            elif step.lastgroup == "close":
                # What stands before it on the line belongs to the branch.
                del stack[max(1, len(stack) - 1) :]
            elif len(stack) > 1:
                name = stack[-1] = f"the branch at line {number}"
        del stack[_DEEPEST:]
        yield Block(name, "")


def _braces(lines: t.Iterable[tuple[int, str]]) -> t.Iterator[Block]:
    """The innermost block of braces at the end of each line, or the one that the line itself opens and closes."""
    stack: list[tuple[str, int]] = [("", 0)]
    for number, line in lines:
        of_line = None
        for char in _STRINGS.sub("", line[:_LONGEST_LINE]):
            if char == "{":
                stack.append((f"the block at line {number}", number))
            elif char == "}" and len(stack) > 1:
                name, opened = stack.pop()
                if of_line is None and opened == number:
                    of_line = Block(name, stack[-1][0])
        del stack[_DEEPEST:]
        yield of_line or Block(stack[-1][0], stack[max(0, len(stack) - 2)][0])
