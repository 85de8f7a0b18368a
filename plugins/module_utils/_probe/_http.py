# Copyright (c) 2026 The linux_tcp.hardening authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE to the collection: not for use outside it, may change at any time.

"""The part of HTTP/1 (RFC 9112) that a probe needs: the requests, and where an answer ends."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from .._text import printable
from ._tcp import ProbeError

if TYPE_CHECKING:
    from typing import Callable

    from ._options import Http

MAX_HEAD_BYTES = 32768
MAX_ANSWER_BYTES = 1 << 20
_AGENT = "linux_tcp.hardening-tcp_probe"

_PROTOCOL = b"HTTP/1."
_HEAD_END = re.compile(rb"\r?\n\r?\n")
_LONGEST_END = 4
_STATUS = re.compile(rb"HTTP/1\.[0-9] ([1-5][0-9]{2})(?: .*)?\Z", re.DOTALL)
_LENGTH = re.compile(rb"[0-9]{1,18}\Z")
_CHUNK_SIZE = re.compile(rb"([0-9A-Fa-f]{1,8})[ \t]*(?:;.*)?\Z", re.DOTALL)
_MAX_LINE = 4096
_SWITCHING, _NO_CONTENT, _NOT_MODIFIED = 101, 204, 304


def request(http: Http, version: str, connection: str | None) -> bytes:
    """A GET request. version: "1.0" or "1.1". connection: the value of the header Connection, None for no such header."""
    lines = [f"GET {http.path} HTTP/{version}", f"Host: {http.host}", f"User-Agent: {_AGENT}", "Accept: */*"]
    if connection is not None:
        lines.append(f"Connection: {connection}")
    return "\r\n".join([*lines, "", ""]).encode("ascii")


class Answer:
    """Parses one answer from bytes as they come. The body is counted, not kept.

    status: of the final answer, None until it is known. complete: the whole answer has come.
    """

    def __init__(self) -> None:
        self.status: int | None = None
        self.complete = False
        self._received = 0
        # What has come and is not taken yet starts at _at: to cut it off each time would copy the rest for every short chunk.
        self._buffer = b""
        self._at = 0
        self._left = 0
        self._searched = 0
        self._step: Callable[[], bool] = self._head

    def feed(self, data: bytes) -> None:
        """Raises ProbeError: "GARBAGE", "TOO_MUCH_DATA"."""
        self._received += len(data)
        self._buffer += data
        # A step takes its part from the front of the buffer, and returns whether to take another step.
        while self._step():
            pass
        self._searched = max(0, self._searched - self._at)
        self._buffer, self._at = self._buffer[self._at :], 0
        if self._received > MAX_ANSWER_BYTES and not self.complete:
            raise _too_much()

    def end(self) -> None:
        """The peer will send no more. Raises ProbeError: "NO_ANSWER", "GARBAGE"."""
        if not self._received:
            raise ProbeError("NO_ANSWER", "The peer closed the connection without an answer.")
        if self._step == self._until_the_end:
            self.complete = True
        if not self.complete:
            raise _garbage("The answer is incomplete", self._buffer[self._at :])

    def _head(self) -> bool:
        start = self._buffer[self._at : self._at + len(_PROTOCOL)]
        if start != _PROTOCOL[: len(start)]:
            raise _garbage("The peer does not answer in HTTP/1", self._buffer[self._at :])
        # What was searched is not searched again, except for the start of an end that was cut.
        end = _HEAD_END.search(self._buffer, max(self._at, self._searched - _LONGEST_END), self._at + MAX_HEAD_BYTES)
        self._searched = 0 if end else len(self._buffer)
        if end is None:
            if len(self._buffer) - self._at > MAX_HEAD_BYTES:
                raise _garbage(f"The head of the answer is longer than {MAX_HEAD_BYTES} bytes", self._buffer[self._at :])
            return False
        lines = [line.rstrip(b"\r") for line in self._buffer[self._at : end.start()].split(b"\n")]
        self._at = end.end()
        found = _STATUS.match(lines[0])
        if found is None:
            raise _garbage("The peer does not answer in HTTP/1", lines[0])
        status = int(found[1])
        # Interim answers come before the final one.
        if status >= 200 or status == _SWITCHING:
            self.status = status
            self._choose_body(lines[1:])
        return True

    def _choose_body(self, fields: list[bytes]) -> None:
        """RFC 9112, section 6.3."""
        values: dict[bytes, list[bytes]] = {}
        for field in fields:
            name, _colon, value = field.partition(b":")
            values.setdefault(name.strip().lower(), []).extend(part.strip() for part in value.split(b","))
        lengths = set(values.get(b"content-length", []))
        codings = values.get(b"transfer-encoding")
        if self.status in (_NO_CONTENT, _NOT_MODIFIED):
            self._finish()
        elif self.status == _SWITCHING or (codings and codings[-1].lower() != b"chunked"):
            self._step = self._until_the_end
        elif codings:
            self._step = self._chunk_size
        elif not lengths:
            self._step = self._until_the_end
        else:
            length = lengths.pop()
            if lengths or not _LENGTH.match(length):
                raise _garbage("The answer has a wrong Content-Length", length)
            self._left, self._step = int(length), self._body
            if self._left > MAX_ANSWER_BYTES:
                raise _too_much()

    def _body(self) -> bool:
        if self._take():
            self._finish()
        return False

    def _chunk_size(self) -> bool:
        line = self._line()
        if line is None:
            return False
        found = _CHUNK_SIZE.match(line)
        if found is None:
            raise _garbage("A chunk of the answer has no valid size", line)
        self._left = int(found[1], 16)
        self._step = self._chunk if self._left else self._trailer
        return True

    def _chunk(self) -> bool:
        if not self._take():
            return False
        self._step = self._chunk_end
        return True

    def _chunk_end(self) -> bool:
        line = self._line()
        if line:
            raise _garbage("A chunk of the answer is longer than its size", line)
        if line is not None:
            self._step = self._chunk_size
        return line is not None

    def _trailer(self) -> bool:
        line = self._line()
        if line == b"":
            self._finish()
        return bool(line)

    def _until_the_end(self) -> bool:
        self._at = len(self._buffer)
        return False

    def _finish(self) -> None:
        self.complete = True
        self._step = self._until_the_end

    def _take(self) -> bool:
        """Drop the received bytes of a body or chunk. Returns whether it has come to its end."""
        taken = min(self._left, len(self._buffer) - self._at)
        self._at += taken
        self._left -= taken
        return not self._left

    def _line(self) -> bytes | None:
        """The next line without its line end. None if it is not complete yet."""
        end = self._buffer.find(b"\n", self._at, self._at + _MAX_LINE + 1)
        if end == -1:
            if len(self._buffer) - self._at > _MAX_LINE:
                raise _garbage(f"A line of the answer is longer than {_MAX_LINE} bytes", self._buffer[self._at :])
            return None
        line, self._at = self._buffer[self._at : end], end + 1
        return line.rstrip(b"\r")


def _garbage(what: str, data: bytes) -> ProbeError:
    shown = printable(data[:200].decode("latin-1"), 60)
    return ProbeError("GARBAGE", f"{what}: '{shown}'." if shown else f"{what}.")


def _too_much() -> ProbeError:
    return ProbeError(
        "TOO_MUCH_DATA", f"The answer is longer than {MAX_ANSWER_BYTES} bytes. Set http.path to a path with a smaller answer."
    )
