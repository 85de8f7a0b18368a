# Copyright (c) 2026 The linux_tcp.hardening authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the kernel makes of a text, against the model and against the kernel itself."""

from __future__ import annotations

import atexit
import functools
import json
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.linux_tcp.hardening.plugins.module_utils._sysctl._keys import (
    SYSCTL_KEYS,
    Accepted,
    Refused,
    SysctlKey,
    kernel_reads,
    parse,
    path_of,
    same,
)
from hypothesis import given, settings
from hypothesis import strategies as st

RANGE = "net.ipv4.ip_local_port_range"
START = "net.ipv4.ip_unprivileged_port_start"
PORTS = "net.ipv4.ip_local_reserved_ports"
RECYCLE = "net.ipv4.tcp_tw_recycle"
STAMPS = "net.ipv4.tcp_timestamps"


def reads(key: str, text: str, current: str | None = None, others: dict[str, str] | None = None) -> str | None:
    """The raw value afterwards, "REFUSED" where the kernel says no."""
    outcome = kernel_reads(SYSCTL_KEYS[key], text, current, others)
    return "REFUSED" if isinstance(outcome, Refused) else outcome.raw


@pytest.mark.parametrize(
    ("key", "text", "raw"),
    [
        (RECYCLE, "1", "1"),
        (RECYCLE, "-1", "-1"),
        (RECYCLE, "yes", "REFUSED"),
        (STAMPS, "0x1", "1"),
        (STAMPS, "010", "8"),
        (STAMPS, "1 # on", "1"),
        (STAMPS, '"1"', "REFUSED"),
        (STAMPS, "256", "REFUSED"),
        (STAMPS, "", "REFUSED"),
        (RANGE, "1024-65535", "REFUSED"),
        (RANGE, "1024 65535", "1024\t65535"),
        (RANGE, "5000", None),
        (RANGE, "5000 # x", "REFUSED"),
        (RANGE, "1000 65535", "REFUSED"),
        (PORTS, "", ""),
        (PORTS, "8080,9148-9150", "8080,9148-9150"),
        (PORTS, "8080, 9148", "REFUSED"),
        ("net.ipv4.tcp_fin_timeout", "100000000", "REFUSED"),
        ("net.ipv4.tcp_congestion_control", "bbr", "bbr"),
        ("net.ipv4.tcp_congestion_control", "bbr # fast", "REFUSED"),
        ("net.ipv4.tcp_congestion_control", '"bbr"', "REFUSED"),
        ("net.ipv4.tcp_rmem", "4096 8192 16384", "4096\t8192\t16384"),
        ("net.ipv4.tcp_rmem", "4096", None),
    ],
)
def test_kernel_reads_without_knowing_the_current_value(key: str, text: str, raw: str | None) -> None:
    assert reads(key, text) == raw


def test_current_values_fill_in_and_bound() -> None:
    assert reads(RANGE, "5000", "32768\t60999") == "5000\t60999"
    assert reads(RANGE, "61000", "32768\t60999") == "REFUSED"
    assert reads(RANGE, "80 65535", None, {START: "0"}) == "80\t65535"
    assert reads(START, "40000", None, {RANGE: "32768\t60999"}) == "REFUSED"
    assert reads("net.ipv4.tcp_rmem", "8192", "4096\t131072\t6291456") == "8192\t131072\t6291456"


@pytest.mark.parametrize("digits", [21, 4300, 5000])
def test_current_values_that_no_kernel_has_are_not_known(digits: int) -> None:
    long = "9" * digits
    assert reads(START, "40000", None, {RANGE: f"{long}\t{long}"}) == "40000"
    assert reads(RANGE, "5000", f"{long}\t{long}") is None


@pytest.mark.parametrize(
    ("key", "text", "word"),
    [(RANGE, "5000", "low end"), (STAMPS, "010", "read as 8"), (STAMPS, "1 # x", "ignored"), ("net.ipv4.tcp_rmem", "1 2", "2 of 3")],
)
def test_a_note_says_what_the_kernel_makes_of_it(key: str, text: str, word: str) -> None:
    outcome = kernel_reads(SYSCTL_KEYS[key], text)
    assert isinstance(outcome, Accepted)
    assert word in outcome.note


@pytest.mark.parametrize(
    ("key", "raw", "value"),
    [
        (STAMPS, "1\n", 1),
        (STAMPS, "on", None),
        (STAMPS, "", None),
        (RANGE, "32768\t60999\n", [32768, 60999]),
        (RANGE, "32768", None),
        (PORTS, "\n", []),
        (PORTS, "5,7-9\n", [[5, 5], [7, 9]]),
        (PORTS, "9-7", None),
        (PORTS, "70000", None),
        ("net.ipv4.tcp_congestion_control", "bbr\n", "bbr"),
        ("net.ipv4.tcp_max_tw_buckets", "9" * 5000, None),
        ("fs.file-max", str(2**64 - 1), 2**64 - 1),
        ("fs.file-max", str(2**64), None),
        ("net.ipv4.tcp_mem", f"1 {-(2**63)} 3", [1, -(2**63), 3]),
        ("net.ipv4.tcp_mem", f"1 {-(2**63) - 1} 3", None),
        (STAMPS, "\u0661", None),
    ],
)
def test_parse(key: str, raw: str, value: object) -> None:
    assert parse(SYSCTL_KEYS[key], raw) == value


@pytest.mark.parametrize(
    ("key", "a", "b", "equal"),
    [
        (RANGE, "1024 65535", "1024\t65535", True),
        (RANGE, "1024 65535", "1024 65534", False),
        (STAMPS, "0x1", "1", True),
        (STAMPS, "1", "0", False),
        (STAMPS, "300", "300", True),
        (PORTS, "9,8,5-6", "5,6,8-9", True),
        (PORTS, "", "8080", False),
    ],
)
def test_same(key: str, a: str, b: str, equal: bool) -> None:
    assert same(SYSCTL_KEYS[key], a, b) is equal


_WRITER = """
import json, os, sys
def show(path):
    with open(path) as handle:
        return handle.read()
def put(path, text):
    data = text.encode()
    handle = os.open(path, os.O_WRONLY | os.O_TRUNC)
    try:
        while data:
            data = data[os.write(handle, data):]
    finally:
        os.close(handle)
for line in sys.stdin:
    path, text = json.loads(line)
    try:
        current = show(path)
    except OSError as error:
        answer = {"impossible": str(error)}
    else:
        try:
            put(path, text + "\\n")
            answer = {"current": current, "raw": show(path)}
        except OSError as error:
            answer = {"current": current, "refused": os.strerror(error.errno)}
        put(path, current)
    print(json.dumps(answer), flush=True)
"""
# Left out: what only some builds have (tcp_ecn above 2), what depends on the clock tick, what the initial namespace alone has.
_NOT_COMPARED = {
    "net.ipv4.tcp_ecn",
    "net.ipv4.tcp_invalid_ratelimit",
    "net.netfilter.nf_conntrack_max",
    "net.netfilter.nf_conntrack_buckets",
    "net.netfilter.nf_conntrack_count",
    "net.ipv4.tcp_ehash_entries",
    "net.ipv4.tcp_max_orphans",
    "net.ipv4.tcp_mem",
    "net.core.netdev_max_backlog",
    "net.nf_conntrack_max",
}
COMPARED = sorted(
    name
    for name, sysctl_key in SYSCTL_KEYS.items()
    if name.startswith("net.") and name not in _NOT_COMPARED and Path(path_of(name)).exists()
)


class Kernel:
    """A process in a network namespace of its own that writes to sysctl keys."""

    def __init__(self) -> None:
        self.process = subprocess.Popen(
            ["unshare", "-r", "-n", sys.executable, "-c", _WRITER],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        atexit.register(self.process.kill)

    def write(self, key: str, text: str) -> dict[str, Any]:
        assert self.process.stdin
        assert self.process.stdout
        try:
            self.process.stdin.write(json.dumps([path_of(key), text]) + "\n")
            self.process.stdin.flush()
            answer: dict[str, Any] = json.loads(self.process.stdout.readline())
        except (OSError, ValueError):
            return {"impossible": "no namespace: " + (self.process.stderr.read() if self.process.stderr else "")}
        return answer


@functools.lru_cache(maxsize=1)
def kernel() -> Kernel:
    return Kernel()


MOST_SECONDS = SYSCTL_KEYS["net.ipv4.tcp_fin_timeout"].high


def clock_tick_decides(text: str) -> bool:
    """Between 2^31 / 1000 and 2^31 / 100 seconds the kernel's tick rate says whether a time fits."""
    outcome = kernel_reads(SYSCTL_KEYS[RECYCLE], text)
    return isinstance(outcome, Accepted) and 2147483 < abs(int(outcome.raw or 0)) <= 21474836


def compare(key: str, text: str) -> None:
    answer = kernel().write(key, text)
    if "current" not in answer:
        pytest.skip(f"{key} cannot be written in a network namespace here: {answer}")
    if SYSCTL_KEYS[key].high == MOST_SECONDS and clock_tick_decides(text):
        return
    outcome = kernel_reads(SYSCTL_KEYS[key], text, answer["current"], {START: "1024", RANGE: "32768\t60999"})
    if "refused" in answer:
        assert isinstance(outcome, Refused), (key, text, answer, outcome)
    else:
        assert isinstance(outcome, Accepted), (key, text, answer, outcome)
        assert outcome.raw == answer["raw"].rstrip("\n"), (key, text, answer, outcome)


needs_namespace = pytest.mark.skipif(
    shutil.which("unshare") is None or not COMPARED, reason="needs unshare(1) and Linux's /proc/sys/net to compare with the kernel"
)
# fmt: off
TEXTS = [
    "0", "1", "2", "3", "-1", "255", "256", "0x1", "0X1f", "010", "08", "+1", "-0", "--1", "1x", "1e3", "1.5", "1-2", "1,2", "0x",
    "0xg", "yes", "127", "128", "60000", "60001", "65535", "65536", "1024-65535", "2147483", "21474837", "2147483647",
    "2147483648", "-2147483648", "-2147483649", "4294967295", "4294967296", "18446744073709551617", "16777216", "16777217",
    "8080,9148-9150", "9150-9148", "5,5,4-6", "1-1", "1-2-3", "1-", "-1,", ",", ",1", "1,", "1,,2", "0-65535", "1-70000",
    "0x10-0x20", "00000000000000000005", "000000000000000000005",
    "",
    " ",
    "\t",
    " 1",
    "\t1",
    "1 ",
    "1\t",
    "1 2",
    "1 x",
    "1 # on",
    "1#on",
    '"1"',
    "'1'",
    "- 1",
    "1\r",
    "1\v",
    "\v1",
    "5000 # x",
    "5000 6000",
    "5000\t6000",
    "5000  6000  # x",
    "5000 6000x",
    "5000,6000",
    "6000 5000",
    "61000",
    "1023 65535",
    "1024 65535",
    "5000 6000 7000",
    "8080, 9148",
    "8080 9148",
    "8080 ",
    "1" + " " * 5000,
    " " * 5000 + "1",
    "1,4,7," * 3000,
]


@needs_namespace
@pytest.mark.parametrize("key", [key for key in COMPARED if SYSCTL_KEYS[key].kind != "text"])
def test_the_kernel_agrees(key: str) -> None:
    for text in TEXTS:
        compare(key, text)


@needs_namespace
@pytest.mark.parametrize("text", ["reno", "reno x", '"reno"', " reno", "reno # x", "", "a" * 40])
def test_the_kernel_agrees_on_a_word(text: str) -> None:
    compare("net.ipv4.tcp_congestion_control", text)


numbers = st.one_of(
    st.integers(-3, 300).map(str),
    st.integers(-(2**34), 2**34).map(str),
    st.integers(0, 70000).map(str),
    st.integers(0, 70000).map(hex),
    st.integers(0, 70000).map(lambda number: f"0{number:o}"),
    st.text("0123456789x-+a", max_size=6),
)
texts = st.lists(st.one_of(numbers, st.sampled_from([" ", "\t", "  ", ",", "-", "#", '"', "\n", ""])), max_size=7).map("".join)


@needs_namespace
@settings(max_examples=400, deadline=None)
@given(key=st.sampled_from(COMPARED or [STAMPS]), text=texts)
def test_the_kernel_agrees_on_whatever_is_written(key: str, text: str) -> None:
    if SYSCTL_KEYS[key].kind != "text":
        compare(key, text)


@needs_namespace
@settings(max_examples=300, deadline=None)
@given(text=texts)
def test_the_kernel_agrees_on_port_lists(text: str) -> None:
    compare(PORTS, text)
    compare(RANGE, text)


EXACT = SysctlKey("net.core.rmem_max", "exact")


@pytest.mark.parametrize(
    ("a", "b", "alike"),
    [
        ("1\t2", " 1  2 ", True),
        ("16", "0x10", True),
        ("-1", "-1", True),
        ("fq", "fq", True),
        ("fq", "fq_codel", False),
        ("1 2", "1", False),
        # One key reads a leading 0 as base 8, another as base 16.
        ("010", "8", False),
        ("010", "10", False),
        ("00000003", "00000003", True),
        ("0x", "0", False),
        ("", "0", False),
        ("1" * 5000, "1" * 5000, True),
        ("\u0661", "1", False),
    ],
)
def test_exact_texts_are_compared_word_by_word(a: str, b: str, alike: bool) -> None:
    assert same(EXACT, a, b) is alike
    assert same(EXACT, b, a) is alike


@pytest.mark.parametrize(
    ("raw", "value"),
    [("212992", 212992), ("-1", -1), ("1\t0", "1 0"), ("fq_codel", "fq_codel"), ("", ""), ("0x10", "0x10")],
)
def test_an_exact_text_is_a_number_where_it_is_one(raw: str, value: object) -> None:
    assert parse(EXACT, raw) == value
