# Copyright (c) 2026 The linux_tcp.hardening authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE to the collection: not for use outside it, may change at any time.

"""One setting as it stands in a file, and what its written value says: a text, or nothing that can be known."""

from __future__ import annotations

import re
import typing as t

from ....module_utils._sysctl._keys import KNOWN_IPV4_NAMES, SYSCTL_KEYS, concerns_tcp

Kind = t.Literal["host", "container", "image", "document"]
Form = t.Literal["assignment", "named value", "command", "kernel argument", "underscored name"]
Style = t.Literal["config", "shell", "code"]
"""How a file writes values: bare to the end of the line, as words of a shell, or as expressions of a language."""

_IPV4 = "net.ipv4."
# Variables and templates of shells, Jinja, Go, ERB, printf, autoconf, and placeholders for people. Not "%" alone: it may be anything.
_VARIABLE = re.compile(r"[$`]|\{\{|\{%|<%|%(?:[sdvq]|\(\w)|@\w+@|#\{|<[A-Za-z]|\{\w+\}|\bvar\.|\blocal\.|\.\.\.|\bXX+\b")
# What wraps a value in NixOS.
_WRAPPED = re.compile(r"(?:lib\.)?mk(?:Default|Force|Override\s+\d+)\s+")
_ESCAPES = re.compile(r"\\[tnr]")
_WORD = re.compile(r"(?<!\w)[A-Za-z]")
_LITERAL = re.compile(r"-?(?:0[xX][0-9a-fA-F]+|\d+)\Z", re.ASCII)
BOOLEANS = {"true": "1", "yes": "1", "on": "1", "false": "0", "no": "0", "off": "0"}
# Longer than a list of all ports: no value of a setting.
_LONGEST_VALUE = 4096


class Found(t.NamedTuple):
    """A setting.

    line: from 1. value: None where a variable or a template stands, so that it is not known. place: what it is applied together with;
    any text that no other place of the file has. kind: what it is for. path: of another file than the one that was read.
    """

    line: int
    key: str
    value: str | None
    form: Form
    place: str = ""
    kind: Kind = "host"
    path: str = ""


def known_key(written: str) -> str | None:
    """The key in dots, or None where this collection does not speak about it. Unknown tcp_* names count: they may be misspelt."""
    # Talos writes the second prefix.
    name = written.removeprefix("/proc/sys/").removeprefix("proc.sys.").strip("./")
    dot, slash = name.find("."), name.find("/")
    if slash != -1 and (dot == -1 or slash < dot):
        name = name.replace("/", ".")
    return name if name.startswith("net.") and concerns_tcp(name) else None


def is_misspelt(key: str) -> bool:
    """Whether no kernel has had a key of this name."""
    return key not in SYSCTL_KEYS and key[len(_IPV4) :] not in KNOWN_IPV4_NAMES


def is_variable(value: str) -> bool:
    """Whether what stands for a value is filled in later."""
    return _VARIABLE.search(value) is not None


def unescaped(text: str) -> str:
    """A text in quotation marks, with blanks for the tabs and line ends that it writes with a backslash."""
    return _ESCAPES.sub(" ", text).strip()


def number_or_unknown(found: Found) -> Found:
    """A setting of a language or of YAML, in which a word where the kernel takes numbers is a name or a remark of the product's own."""
    key = SYSCTL_KEYS.get(found.key)
    if found.value is None or key is None or key.kind == "text" or not _WORD.search(found.value):
        return found
    return found._replace(value=None)


def literal(value: str, *, expression: bool, booleans: bool) -> str | None:
    """The value that a text stands for, or None where that is not known.

    :param expression: it stands bare in a language in which a bare word is a variable. booleans: true and yes mean 1 there.
    """
    value = value.strip()
    if len(value) > _LONGEST_VALUE or is_variable(value):
        return None
    if expression:
        value = _WRAPPED.sub("", value.strip("()")).strip(" ()\"'")
    if booleans and value.lower() in BOOLEANS:
        return BOOLEANS[value.lower()]
    if expression and not all(_LITERAL.match(word) for word in value.split()):
        return None
    return value
