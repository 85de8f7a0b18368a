# Copyright (c) 2026 The linux_tcp.hardening authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Texts and bytes of a host, of its kernel and of its peers, given to the parsers themselves."""

from __future__ import annotations

import random
import socket
import struct
import zlib
from collections.abc import Iterator

from ansible_collections.linux_tcp.hardening.plugins.module_utils._facts import _proc
from ansible_collections.linux_tcp.hardening.plugins.module_utils._facts._sock_diag import DumpParser, listeners
from ansible_collections.linux_tcp.hardening.plugins.module_utils._facts._sockets import count_sockets
from ansible_collections.linux_tcp.hardening.plugins.module_utils._probe._http import Answer
from ansible_collections.linux_tcp.hardening.plugins.module_utils._probe._tcp import ProbeError
from ansible_collections.linux_tcp.hardening.plugins.module_utils._profile import _boot_file
from ansible_collections.linux_tcp.hardening.plugins.module_utils._profile._diff import shown
from ansible_collections.linux_tcp.hardening.plugins.module_utils._sysctl._keys import SYSCTL_KEYS, Accepted, kernel_reads, same
from ansible_collections.linux_tcp.hardening.plugins.module_utils._sysctl._keys import parse as parse_value
from ansible_collections.linux_tcp.hardening.plugins.module_utils._sysctl._lines import READERS, TooManyPatternsError, matches, parse
from ansible_collections.linux_tcp.hardening.plugins.plugin_utils import _shapes
from ansible_collections.linux_tcp.hardening.plugins.plugin_utils._socket_types import Sockets
from ansible_collections.linux_tcp.hardening.plugins.plugin_utils._sources import _socket_tables
from fuzz import mutate, seeds
from fuzz.engine import Target
from support import netlink


def counters(data: bytes) -> None:
    for parser in (_proc.parse_counters, _proc.parse_sockstat):
        try:
            found = parser(data.decode("utf-8", "replace"))
        except ValueError:
            continue
        assert all(isinstance(value, int) for group in found.values() for value in group.values())


def socket_tables(data: bytes) -> None:
    _shapes.check(Sockets, _socket_tables.count([data.decode("utf-8", "replace")], (32768, 60999)), strict=True)


# Buffers of one dump stand in an input one after the other.
_NEXT_BUFFER = b"<next buffer>"


def sock_diag(data: bytes) -> None:
    """No content of a dump makes the count raise; the list of listeners raises OSError where the kernel refuses."""
    buffers = data.split(_NEXT_BUFFER)
    parser = DumpParser()
    total = 0
    try:
        for buffer in buffers:
            for batch in parser.batches(buffer):
                assert len(batch.data) == batch.stride * batch.size
                total += len(batch.data)
    except OSError:
        pass
    assert total <= len(data)
    counted, not_seen = count_sockets((32768, 60999), dump=lambda _family, _states, _extensions: iter(buffers))
    assert counted is None or _shapes.check(Sockets, counted, strict=True)
    assert counted is not None or not_seen
    for protocol in (socket.IPPROTO_TCP, socket.IPPROTO_UDP):
        try:
            found = listeners(protocol, lambda _family, _states, _extensions, _protocol: iter(buffers))
        except OSError:
            continue
        assert all(0 < one.port <= 65535 for one in found)


def _dumps() -> list[bytes]:
    four = [netlink.connection(state, ("192.0.2.1", 40000 + state), ("192.0.2.9", 80), netlink.tcp_info(True)) for state in range(1, 13)]
    six = [netlink.connection(state, ("2001:db8::1", 40000 + state), ("::ffff:192.0.2.9", 80)) for state in range(1, 13)]
    waits = [netlink.connection("time_wait", ("192.0.2.1", 32768 + port), ("192.0.2.9", 80)) for port in range(50)]
    listening = [netlink.connection("listen", ("::" if port % 2 else "0.0.0.0", port)) for port in range(1, 20)]
    end = netlink.done()
    whole = [b"".join([*some, end]) for some in (four, six, waits, listening)]
    return [*whole, b"".join(four) + _NEXT_BUFFER + b"".join(six) + _NEXT_BUFFER + end, netlink.refused(13), netlink.done(flags=0x12), b""]


def _dump_mutator() -> mutate.Mutator:
    """Whole messages with odd headers, states and attributes, or bytes anywhere."""
    anywhere = mutate.text()

    def message(rng: random.Random) -> bytes:
        payload = bytearray(netlink.connection(rng.randrange(16), ("192.0.2.1", rng.randrange(65536)), ("127.0.0.1", 80))[16:])
        payload += rng.choice(
            (b"", netlink.tcp_info(rng.random() < 0.5), netlink.attribute(rng.randrange(9), rng.randbytes(rng.randrange(12))))
        )
        payload = payload[: rng.choice((len(payload), len(payload), rng.randrange(len(payload))))]
        length = rng.choice((16 + len(payload), 16 + len(payload), rng.randrange(200), 0, 2**32 - 1))
        kind, flags = rng.choice((20, 20, 20, 2, 3, 1, 65535)), rng.choice((2, 2, 2, 0, 0x12))
        return struct.pack("=IHHII", length, kind, flags, 1, 0) + bytes(payload) + b"\0" * (-len(payload) % 4)

    def change(rng: random.Random, pool: mutate.Pool) -> bytes:
        if rng.random() < 0.5:
            return anywhere(rng, pool)
        made = [message(rng) if rng.random() < 0.5 else rng.choice(pool) for _one in range(rng.randrange(1, 6))]
        return rng.choice((b"", b"", _NEXT_BUFFER)).join(made) * rng.choice((1, 1, 1, 20))

    return change


def boot_lines(data: bytes) -> None:
    try:
        assignments, problems = parse(data)
    except TooManyPatternsError:
        return
    last = data.count(b"\n") + 1
    assert all(1 <= one["line"] <= last for one in (*assignments, *problems))
    assert all(one["value"] is None for one in assignments if one["secret"])


def boot_file(data: bytes) -> None:
    """A file that stands where the boot file of a profile is to be: what it is, what it sets, what a diff shows of it."""
    text = data.decode("latin-1")
    assert _boot_file.whose(text) in ("ours", "edited", "foreign")
    _boot_file.values(text)
    assert shown(text).count("\n") == text.count("\n")
    lines = set(range(1, text.count("\n") + 2))
    assert _boot_file.uncomment(_boot_file.comment_out(text, lines, _BOOT_FILE), _BOOT_FILE) == text


def boot_patterns(data: bytes) -> None:
    """Each line as a pattern, against keys that exist."""
    for line in data.decode("utf-8", "replace").split("\n")[:20]:
        for reader in READERS:
            for key in ("net.ipv4.conf.all.rp_filter", "net.ipv4.tcp_timestamps", "fs.file-max", "net.ipv4.conf.eth0/100.rp_filter"):
                assert matches(line, reader, key) in (True, False)


_BOOT_FILE = "/etc/sysctl.d/99-tcp-hardening.conf"


def _our_boot_file() -> bytes:
    return _boot_file.render(_BOOT_FILE, "client_host", ["D7"], {"net.ipv4.tcp_tw_reuse": "1"}).encode("latin-1")


def _patterns() -> list[bytes]:
    return [
        b"net.ipv4.conf.*.rp_filter",
        b"net.ipv4.tcp_[!a-s]*",
        b"net/ipv4/{tcp,ip}_*",
        b"*.{a,b{c,d}}?",
        b"net.ipv4.t?p_*[a-z]*",
        b"\\*[]]",
    ]


# One key of each form.
_FORMS: tuple[str, ...] = (
    "net.ipv4.tcp_fin_timeout",
    "net.ipv4.tcp_rmem",
    "net.ipv4.tcp_mem",
    "net.ipv4.ip_local_port_range",
    "net.ipv4.ip_local_reserved_ports",
)
_FORMS += ("net.ipv4.tcp_congestion_control", "net.ipv4.tcp_timestamps", "net.ipv4.ip_unprivileged_port_start", "fs.nr_open", "fs.file-max")


def values(data: bytes) -> None:
    """What is read back once it was accepted is accepted as the same."""
    text = data.decode("utf-8", "replace")
    for name in _FORMS:
        key = SYSCTL_KEYS[name]
        parse_value(key, text)
        answer = kernel_reads(key, text, "32768\t60999" if key.kind == "range" else text, {"net.ipv4.ip_local_port_range": text})
        assert same(key, text, text)
        if isinstance(answer, Accepted) and answer.raw is not None:
            assert parse_value(key, answer.raw) is not None, f"{name}: {answer.raw!r} is no value"
            assert kernel_reads(key, answer.raw) == Accepted(answer.raw), f"{name}: {answer.raw!r} is not read as itself"


def _values() -> list[bytes]:
    return [b"1", b"4096 87380\t6291456", b"32768 60999", b"1024-2048,3000,65535", b"cubic", b"010", b"0x1f", b"-1", b"", b"1 # comment"]


def http_answer(data: bytes) -> None:
    """An answer is the same in one piece as in many."""
    pieces = _pieces(data)
    assert _answer([data]) == _answer(pieces), "it depends on how the bytes come"


def _pieces(data: bytes) -> list[bytes]:
    size = 1 + zlib.crc32(data) % 97
    return [data[at : at + size] for at in range(0, len(data), size)]


def _answer(pieces: list[bytes]) -> tuple[int | None, bool, str]:
    answer = Answer()
    failure = ProbeError("", "")
    try:
        for piece in pieces:
            answer.feed(piece)
            if answer.complete:
                break
        answer.end()
    except ProbeError as error:
        failure = error
    assert failure.message.isprintable()
    assert len(failure.message) < 300
    return answer.status, answer.complete, failure.code


def _answers() -> Iterator[bytes]:
    yield b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\nConnection: close\r\n\r\nhello"
    yield b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5;a=b\r\nhello\r\n0\r\nTrailer: x\r\n\r\n"
    yield b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 204 No Content\r\n\r\n"
    yield b"HTTP/1.0 302 Found\nLocation: /\n\nuntil the end"
    yield b"HTTP/1.1 101 Switching\r\nUpgrade: x\r\n\r\n\x81\x00"
    yield b"HTTP/1.1 200 OK\r\ncontent-length: 3, 3\r\nContent-Length: 3\r\n\r\nabc"


_COUNTER_WORDS = ("TcpExt:", "Tcp:", "TCP:", "sockets:", "used", "TW", "PAWSPassive")
_TABLE_WORDS = ("TIME-WAIT", "LISTEN", "ESTAB", "tcp6", "0A", "127.0.0.1:80", "[::1]:443", "*:*", "ts", "rto:204", "fe80::1%eth0:22")
_HTTP_WORDS = (
    "HTTP/1.1 ",
    "\r\n\r\n",
    "\r\n",
    "Content-Length: ",
    "Transfer-Encoding: chunked",
    "Transfer-Encoding: gzip, chunked",
    "0\r\n",
    ";",
)
_VALUE_WORDS = ("\t", ",", "-", "0x", "65535", "1-65535", "60999", "cubic", "4194304")

TARGETS = (
    Target("counters", counters, seeds.counters, mutate.text(_COUNTER_WORDS), 3000),
    Target("socket_tables", socket_tables, seeds.socket_tables, mutate.text(_TABLE_WORDS), 300),
    Target("sock_diag", sock_diag, _dumps, _dump_mutator(), 3000),
    Target("boot_lines", boot_lines, seeds.boot_files, mutate.text(seeds.KEYS), 2000),
    Target("boot_file", boot_file, lambda: [*seeds.boot_files(), _our_boot_file()], mutate.text(seeds.KEYS), 100),
    Target("boot_patterns", boot_patterns, _patterns, mutate.text(), 1000),
    Target("values", values, _values, mutate.text(_VALUE_WORDS), 3000),
    Target("http_answer", http_answer, lambda: list(_answers()), mutate.text(_HTTP_WORDS), 3000),
)
