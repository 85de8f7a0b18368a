# Copyright (c) 2026 The linux_tcp.hardening authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE to the collection: not for use outside it, may change at any time.

"""Ports and addresses: how they are written in results, and which are the host's own."""

from __future__ import annotations

import functools
import socket
import typing as t

from ..module_utils._facts import _socket_tally

if t.TYPE_CHECKING:
    from collections.abc import Iterable


def port_list(ports: Iterable[int]) -> str:
    """Sorted ports as the kernel writes them: 8080,9148-9150."""
    spans: list[list[int]] = []
    for port in ports:
        if spans and spans[-1][1] == port - 1:
            spans[-1][1] = port
        else:
            spans.append([port, port])
    return ",".join(str(low) if low == high else f"{low}-{high}" for low, high in spans)


def endpoint(address: str, port: int) -> str:
    """An address and a port, IPv6 in brackets."""
    return f"[{address}]:{port}" if ":" in address else f"{address}:{port}"


def is_address(text: str) -> bool:
    """Whether a text is an IPv4 or IPv6 address and nothing more: no port, no name of an interface."""
    try:
        return bool(socket.inet_pton(socket.AF_INET6 if ":" in text else socket.AF_INET, text))
    except (OSError, ValueError):
        return False


@functools.lru_cache(maxsize=4096)
def is_loopback(address: str) -> bool:
    """Whether an address is one of the host's own loopback interface; False for what is no address."""
    try:
        return _socket_tally.is_loopback(socket.inet_pton(socket.AF_INET6 if ":" in address else socket.AF_INET, address))
    except (OSError, ValueError):
        return False
