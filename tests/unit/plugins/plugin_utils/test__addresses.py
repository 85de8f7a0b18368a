# Copyright (c) 2026 The linux_tcp.hardening authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Ports and addresses in the kernel's notation, and the loopback test for text against the one for packed addresses."""

from __future__ import annotations

import ipaddress

import pytest
from ansible_collections.linux_tcp.hardening.plugins.module_utils._facts import _socket_tally
from ansible_collections.linux_tcp.hardening.plugins.plugin_utils._addresses import endpoint, is_address, is_loopback, port_list
from hypothesis import given
from hypothesis import strategies as st


@pytest.mark.parametrize(
    ("ports", "text"),
    [
        ([], ""),
        ([8080], "8080"),
        ([8080, 9148, 9149, 9150], "8080,9148-9150"),
        ([1, 2, 4, 5], "1-2,4-5"),
        ([1, 3], "1,3"),
    ],
)
def test_ports_are_written_as_the_kernel_writes_them(ports: list[int], text: str) -> None:
    assert port_list(ports) == text


@given(st.sets(st.integers(1, 200), max_size=60))
def test_a_port_list_names_every_port_once(ports: set[int]) -> None:
    named: list[int] = []
    for span in filter(None, port_list(sorted(ports)).split(",")):
        low, _dash, high = span.partition("-")
        named += range(int(low), int(high or low) + 1)
    assert named == sorted(ports)


@pytest.mark.parametrize(("address", "text"), [("192.0.2.1", "192.0.2.1:80"), ("2001:db8::1", "[2001:db8::1]:80")])
def test_an_endpoint_has_ipv6_in_brackets(address: str, text: str) -> None:
    assert endpoint(address, 80) == text


@pytest.mark.parametrize("address", ["127.0.0.1", "127.0.0.0", "127.255.255.255", "::1"])
def test_loopback_addresses(address: str) -> None:
    assert is_loopback(address)


@pytest.mark.parametrize("address", ["126.255.255.255", "128.0.0.0", "0.0.0.0", "::", "::2", "1::1", "192.0.2.127"])
def test_other_addresses(address: str) -> None:
    assert not is_loopback(address)


@pytest.mark.parametrize("text", ["", "127.", "127.0.0.1.5", "localhost", "::1\0", "::1::"])
def test_what_is_no_address_is_not_loopback(text: str) -> None:
    assert not is_loopback(text)


@given(st.ip_addresses() | st.builds(ipaddress.IPv4Address, st.integers(126 << 24, 129 << 24)))
def test_text_and_packed_addresses_agree(address: ipaddress.IPv4Address | ipaddress.IPv6Address) -> None:
    assert is_loopback(str(address)) == _socket_tally.is_loopback(address.packed) == address.is_loopback


@pytest.mark.parametrize(
    ("text", "answer"),
    [
        ("192.0.2.1", True),
        ("2001:db8::1", True),
        ("::ffff:192.0.2.1", True),
        ("192.0.2.1:80", False),
        ("fe80::1%eth0", False),
        ("", False),
        ("1", False),
        ("::1\0", False),
    ],
)
def test_what_is_an_address(text: str, answer: bool) -> None:
    assert is_address(text) is answer
