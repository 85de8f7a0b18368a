# Copyright (c) 2026 The linux_tcp.hardening authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The hosts below tests/fixtures: each has its line in the index, and says nothing but what its counterpart of a real host says."""

from __future__ import annotations

import csv
import re
from typing import Any

import pytest
from ansible_collections.linux_tcp.hardening.plugins.module_utils._facts._proc import parse_counters, parse_sockstat
from ansible_collections.linux_tcp.hardening.plugins.plugin_utils._sources import load
from support.corpus import CORPUS, FIXTURES, files_of, needs_corpus

MOST_BYTES = 150 * 1024
with (FIXTURES / "INDEX.tsv").open(encoding="utf-8", newline="") as lines:
    INDEX = list(csv.DictReader(lines, delimiter="\t", quoting=csv.QUOTE_NONE))
FILES = [name for name in files_of(FIXTURES) if name != "INDEX.tsv"]
# What the names of folders and files say of their content.
LISTINGS = [name for name in FILES if name.startswith("sysctl-a/") or re.search(r"/(busybox-)?sysctl[-_]+(-?a|net)\b[^/]*$", name)]
COUNTERS = [name for name in FILES if re.search(r"(^|/)(netstat|snmp)(/[^/]*)?(\.txt)?$", name)]
BOOT_FILES = [name for name in FILES if name.startswith("conf/")]
# Their form is what matters; the words in it are ours.
OWN_WORDS = ("CoreByte_sysctl-w-lines.conf", "pnrnc485_rust_parse_sysctl.conf", "openio_jinja.conf.j2", "procps_test_slash.conf")
# Has fewer connections than its counterpart.
SHORTENED = "local-6.18/"
SOCKSTATS = [name for name in FILES if name.startswith("sockstat/")]


@pytest.mark.parametrize("line", INDEX, ids=lambda line: line["file"])
def test_each_line_of_the_index_is_about_a_fixture(line: dict[str, str]) -> None:
    assert (FIXTURES / line["file"]).exists()
    assert all(line[column] for column in ("kernel", "source", "case"))


def test_each_fixture_is_in_the_index_once() -> None:
    known = [line["file"] for line in INDEX]
    assert sorted(known) == sorted(set(known))
    assert [name for name in FILES if not any(name == one or name.startswith(f"{one}/") for one in known)] == []


def test_fixtures_stay_small() -> None:
    assert sum((FIXTURES / name).stat().st_size for name in FILES) < MOST_BYTES


@pytest.mark.parametrize("name", [name for name in FILES if name.endswith(".sh")])
def test_no_script_does_anything_when_somebody_runs_it(name: str) -> None:
    commands = [line for line in (FIXTURES / name).read_text().splitlines() if not line.startswith("#")]
    assert commands[0] == "exit 0"


def values(path: str) -> dict[str, Any]:
    return {key: (one["state"], one.get("value")) for key, one in (load(path, "sysctl_a")["sysctl"] or {}).items()}


@needs_corpus
def test_listings_say_of_each_key_what_the_real_hosts_said() -> None:
    ours, real = ({name: values(str(hosts / name)) for name in LISTINGS} for hosts in (FIXTURES, CORPUS))
    assert len(ours) > 10
    assert ours == real


@needs_corpus
def test_counters_have_the_columns_of_the_real_kernels_and_no_figure_of_our_own() -> None:
    ours, real = ({name: parse_counters((hosts / name).read_text()) for name in COUNTERS} for hosts in (FIXTURES, CORPUS))
    columns = [
        {name: {group: list(counts) for group, counts in groups.items()} for name, groups in dumps.items()} for dumps in (ours, real)
    ]
    assert len(ours) > 10
    assert columns[0] == columns[1]
    figures = {
        (name, group, counter): (count, real[name][group][counter])
        for name, groups in ours.items()
        for group, counts in groups.items()
        for counter, count in counts.items()
        if count and not name.startswith(SHORTENED)
    }
    assert {place: pair for place, pair in figures.items() if pair[0] != pair[1]} == {}


@needs_corpus
def test_sockstats_are_those_of_the_real_hosts() -> None:
    ours, real = ({name: parse_sockstat((hosts / name).read_text()) for name in SOCKSTATS} for hosts in (FIXTURES, CORPUS))
    assert ours
    assert ours == real


def settings(path: str) -> dict[str, list[str | None]]:
    """Key to its values in a boot file, in their order; blanks as one, without what looks like a remark."""
    found: dict[str, list[str | None]] = {}
    for file in (load(path, "sysctl_d")["boot_files"] or {"files": []})["files"]:
        for line in file["assignments"]:
            value = line["value"]
            found.setdefault(line["key"], []).append(value and " ".join(value.split("#")[0].split()))
    return found


@needs_corpus
def test_boot_files_set_what_the_real_ones_set() -> None:
    names = [name for name in BOOT_FILES if not name.endswith(OWN_WORDS)]
    ours, real = ({name: settings(str(hosts / name)) for name in names} for hosts in (FIXTURES, CORPUS))
    different = {(name, key): found for name, keys in ours.items() for key, found in keys.items() if found != real[name].get(key)}
    assert len(ours) > 30
    assert different == {}
