# Copyright (c) 2026 The linux_tcp.hardening authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import http.client
import io
import re

import pytest
from ansible_collections.linux_tcp.hardening.plugins.module_utils._probe import _http
from ansible_collections.linux_tcp.hardening.plugins.module_utils._probe._http import (
    MAX_ANSWER_BYTES,
    MAX_HEAD_BYTES,
    Answer,
    request,
)
from ansible_collections.linux_tcp.hardening.plugins.module_utils._probe._options import Http
from ansible_collections.linux_tcp.hardening.plugins.module_utils._probe._tcp import ProbeError
from hypothesis import given
from hypothesis import strategies as st
from support.steps import steps


def parsed(data: bytes, ended: bool, step: int = 1 << 20) -> tuple[int | None, bool, str | None]:
    """Status, whether complete, and the error's code, after these bytes in pieces of this size."""
    answer = Answer()
    try:
        for start in range(0, len(data), step):
            answer.feed(data[start : start + step])
        if ended:
            answer.end()
        code = None
    except ProbeError as error:
        code = error.code if error.message.isprintable() and len(error.message) < 200 else error.message
    return answer.status, answer.complete, code


def head(*fields: str, status: str = "200 OK") -> bytes:
    return "\r\n".join([f"HTTP/1.1 {status}", *fields, "", ""]).encode("latin-1")


CHUNKED = head("Transfer-Encoding: chunked")


@pytest.mark.parametrize(
    ("data", "ended", "expected"),
    [
        (head("Content-Length: 3") + b"abc", False, (200, True, None)),
        (head("content-length:3") + b"abcdef", False, (200, True, None)),
        (head("Content-Length: 3, 3", "Content-Length: 3") + b"abc", False, (200, True, None)),
        (head("Content-Length: 3") + b"ab", False, (200, False, None)),
        (head("Content-Length: 3") + b"ab", True, (200, False, "GARBAGE")),
        (head("Content-Length: 0"), False, (200, True, None)),
        (head(status="204 No Content"), False, (204, True, None)),
        (head("Content-Length: 9", status="304 Not Modified"), False, (304, True, None)),
        (head(status="100 Continue") + head("Content-Length: 0", status="404"), False, (404, True, None)),
        (head(status="101 Switching") + b"other", False, (101, False, None)),
        (head(), False, (200, False, None)),
        (head() + b"until the end", True, (200, True, None)),
        (head("Transfer-Encoding: gzip") + b"...", True, (200, True, None)),
        (CHUNKED + b"3\r\nabc\r\n0\r\n\r\n", False, (200, True, None)),
        (CHUNKED + b"A;name=value\r\n0123456789\r\n00\r\nTrailer: x\r\n\r\n", False, (200, True, None)),
        (head("Transfer-Encoding: gzip, Chunked") + b"0\r\n\r\n", False, (200, True, None)),
        (CHUNKED + b"3\r\nabc\r\n", True, (200, False, "GARBAGE")),
        (CHUNKED + b"3\r\nabcd\r\n", False, (200, False, "GARBAGE")),
        (CHUNKED + b"x\r\n", False, (200, False, "GARBAGE")),
        (CHUNKED + b"-1\r\n", False, (200, False, "GARBAGE")),
        (CHUNKED + b"0" * 5000, False, (200, False, "GARBAGE")),
        (b"HTTP/1.0 302 Found\nLocation: /\n\n", True, (302, True, None)),
        (b"HTTP/1.1 200\r\nContent-Length: 0\r\n\r\n", False, (200, True, None)),
        (b"HTTP/1.1 200 \xff\xfe\r\nContent-Length: 0\r\n\r\n", False, (200, True, None)),
        (b"", True, (None, False, "NO_ANSWER")),
        (b"HTTP/1.", True, (None, False, "GARBAGE")),
        (head(status="100 Continue"), True, (None, False, "GARBAGE")),
        (b"SSH-2.0-OpenSSH_9.2\r\n", False, (None, False, "GARBAGE")),
        (b"220 mail ESMTP\r\n", False, (None, False, "GARBAGE")),
        (b"HTTP/2 200\r\n\r\n", False, (None, False, "GARBAGE")),
        (b"HTTP/1.1 999 Odd\r\n\r\n", False, (None, False, "GARBAGE")),
        (b"HTTP/1.1 2000\r\n\r\n", False, (None, False, "GARBAGE")),
        (b"HTTP/1.1 OK\r\n\r\n", False, (None, False, "GARBAGE")),
        (b"\x15\x03\x01\x00\x02\x02\x46", False, (None, False, "GARBAGE")),
        (head("Content-Length: -1"), False, (200, False, "GARBAGE")),
        (head("Content-Length: +5"), False, (200, False, "GARBAGE")),
        (head("Content-Length: 5, 6"), False, (200, False, "GARBAGE")),
        (head("Content-Length: \u00b2"), False, (200, False, "GARBAGE")),
        (head(f"Content-Length: {'9' * 5000}"), False, (200, False, "GARBAGE")),
        (head(f"Content-Length: {MAX_ANSWER_BYTES + 1}"), False, (200, False, "TOO_MUCH_DATA")),
        (head() + b"x" * MAX_ANSWER_BYTES, False, (200, False, "TOO_MUCH_DATA")),
        (CHUNKED + b"1\r\nx\r\n" * (MAX_ANSWER_BYTES // 6), False, (200, False, "TOO_MUCH_DATA")),
        (head(status="100 Continue") * (MAX_ANSWER_BYTES // 20), False, (None, False, "TOO_MUCH_DATA")),
        (b"HTTP/1.1 200 OK\r\n" + b"X: y\r\n" * (MAX_HEAD_BYTES // 6), False, (None, False, "GARBAGE")),
    ],
)
def test_where_an_answer_ends(data: bytes, ended: bool, expected: tuple[int | None, bool, str | None]) -> None:
    assert parsed(data, ended, 8192) == expected


BODIES = st.binary(max_size=300)
ANSWERS = st.one_of(
    BODIES.map(lambda body: head(f"Content-Length: {len(body)}") + body),
    st.lists(st.binary(min_size=1, max_size=40)).map(
        lambda chunks: CHUNKED + b"".join(b"%x\r\n%b\r\n" % (len(chunk), chunk) for chunk in chunks) + b"0\r\n\r\n"
    ),
)


@given(ANSWERS, st.integers(1, 64))
def test_a_good_answer_is_complete_with_its_last_byte_and_not_before(data: bytes, step: int) -> None:
    assert parsed(data, False, step) == (200, True, None)
    assert parsed(data[:-1], False, step)[1:] == (False, None)


class Stream(io.BytesIO):
    """As much of a socket as http.client needs; says how far it was read."""

    read_up_to = 0

    def makefile(self, _mode: str) -> io.BytesIO:
        return self

    def close(self) -> None:
        self.read_up_to = self.tell()


@given(ANSWERS)
def test_it_ends_where_another_reader_says(data: bytes) -> None:
    stream = Stream(data + b"what follows")
    response = http.client.HTTPResponse(stream)  # type: ignore[arg-type]
    response.begin()
    response.read()
    end = stream.read_up_to
    answer = Answer()
    answer.feed(data[: end - 1])
    assert not answer.complete
    answer.feed(data[end - 1 :])
    assert (answer.complete, answer.status) == (True, response.status)


class CountingPattern:
    """A pattern that says how many bytes it was made to look at."""

    def __init__(self, pattern: re.Pattern[bytes]) -> None:
        self._pattern = pattern
        self.bytes_searched = 0

    def search(self, data: bytes, start: int, end: int) -> re.Match[bytes] | None:
        self.bytes_searched += max(0, min(len(data), end) - start)
        return self._pattern.search(data, start, end)


@pytest.mark.parametrize("size", [1000, 2000])
def test_a_head_that_comes_byte_by_byte_is_searched_once(monkeypatch: pytest.MonkeyPatch, size: int) -> None:
    pattern = CountingPattern(_http._HEAD_END)
    monkeypatch.setattr(_http, "_HEAD_END", pattern)
    data = head("X: " + "x" * size) + b"body"
    assert parsed(data, True, 1) == (200, True, None)
    assert pattern.bytes_searched <= 6 * len(data)


@given(
    st.binary() | st.binary().map(lambda data: b"HTTP/1.1 200 OK\r\n" + data) | st.binary().map(lambda data: CHUNKED + data), st.booleans()
)
def test_no_bytes_break_it_and_no_pieces_change_it(data: bytes, ended: bool) -> None:
    whole = parsed(data, ended)
    assert parsed(data, ended, 1) == whole


@pytest.mark.parametrize(
    ("version", "connection", "expected"),
    [
        (
            "1.1",
            "close",
            b"GET /a HTTP/1.1\r\nHost: b\r\nUser-Agent: linux_tcp.hardening-tcp_probe\r\nAccept: */*\r\nConnection: close\r\n\r\n",
        ),
        ("1.0", None, b"GET /a HTTP/1.0\r\nHost: b\r\nUser-Agent: linux_tcp.hardening-tcp_probe\r\nAccept: */*\r\n\r\n"),
    ],
)
def test_request(version: str, connection: str | None, expected: bytes) -> None:
    assert request(Http("/a", "b"), version, connection) == expected


def test_twice_as_many_chunks_are_twice_the_work() -> None:
    def work(chunks: int) -> int:
        return steps(lambda: Answer().feed(CHUNKED + b"1\r\nx\r\n" * chunks))

    assert work(400) <= 2.2 * work(200)
