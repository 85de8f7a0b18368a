# Copyright (c) 2026 The linux_tcp.hardening authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a query for Prometheus asks for: its metrics and labels. promtool says whether it is a query; it does not say which names exist."""

from __future__ import annotations

import re
import shutil
import typing as t

from support.debian_packages import unpacked

_WORDS = {"and", "or", "unless", "bool", "offset", "inf", "nan"}
_GROUPING = re.compile(r"\b(?:by|without|on|ignoring|group_left|group_right)\s*\(([^)]*)\)")
_SELECTOR = re.compile(r'([a-zA-Z_:][\w:]*)?\s*\{((?:[^{}"]|"(?:[^"\\]|\\.)*")*)\}')
_MATCHER = re.compile(r'(\w+)\s*(=~|!~|!=|=)\s*"((?:[^"\\]|\\.)*)"')
_NAME = re.compile(r"(?<![\w:.])[a-zA-Z_:][\w:]*(?!\s*\()(?![\w:])")


def promtool_path() -> str:
    """promtool: that of this machine, or the one of Debian's package, unpacked and not installed. Skips the test if there is neither."""
    return shutil.which("promtool") or str(unpacked("prometheus") / "usr" / "bin" / "promtool")


class Matcher(t.NamedTuple):
    metric: str
    label: str
    operator: str
    value: str


class Asked(t.NamedTuple):
    """metrics: the names. matchers: the conditions on labels. groupings: the labels of by (...), on (...) and the like."""

    metrics: set[str]
    matchers: list[Matcher]
    groupings: set[str]


def asked(query: str) -> Asked:
    """What the query names. A word that is no function and no keyword counts as a metric, whatever it begins with."""
    matchers = [Matcher(name, *found) for name, inner in _SELECTOR.findall(query) for found in _MATCHER.findall(inner)]
    groupings = {label.strip() for inner in _GROUPING.findall(query) for label in inner.split(",") if label.strip()}
    bare = _SELECTOR.sub(r" \1 ", query)
    bare = re.sub(r'"(?:[^"\\]|\\.)*"|\[[^\]]*\]', " ", _GROUPING.sub(" ", bare))
    return Asked({word for word in _NAME.findall(bare) if word.lower() not in _WORDS}, matchers, groupings)
