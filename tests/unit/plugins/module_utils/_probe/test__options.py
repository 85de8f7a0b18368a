# Copyright (c) 2026 The linux_tcp.hardening authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.linux_tcp.hardening.plugins.module_utils._probe._options import (
    MAX_ENDPOINTS,
    Endpoint,
    EndpointsError,
    Http,
    Invalid,
    Tls,
    read_endpoints,
)
from hypothesis import given
from hypothesis import strategies as st


def entry(**changes: object) -> dict[str, Any]:
    return {"host": "web.example", "port": 80, "timeout": 5.0, "source": None, "tls": False, "http": False, **changes}


def read_one(**changes: object) -> Endpoint | Invalid:
    (one,) = read_endpoints([entry(**changes)])
    return one


@pytest.mark.parametrize(
    ("given_host", "host", "header"),
    [
        ("web.example", "web.example", "web.example"),
        ("WEB.Example", "web.example", "web.example"),
        ("192.0.2.1", "192.0.2.1", "192.0.2.1"),
        ("2001:db8::1", "2001:db8::1", "[2001:db8::1]"),
        ("[2001:DB8::1]", "2001:db8::1", "[2001:db8::1]"),
        ("fe80::1%Eth0", "fe80::1%Eth0", "[fe80::1]"),
        ("[fe80::1%Eth0]", "fe80::1%Eth0", "[fe80::1]"),
    ],
)
def test_hosts_and_their_header(given_host: str, host: str, header: str) -> None:
    assert read_one(host=given_host, http=True) == Endpoint(host, 80, None, 5.0, None, Http("/", header))


@pytest.mark.parametrize(
    ("port", "tls", "header"),
    [
        (80, False, "web.example"),
        (443, True, "web.example"),
        (443, False, "web.example:443"),
        (80, True, "web.example:80"),
        (81, False, "web.example:81"),
    ],
)
def test_the_header_has_a_port_unless_it_is_the_usual_one(port: int, tls: bool, header: str) -> None:
    one = read_one(port=port, tls=tls, http=True)
    assert isinstance(one, Endpoint)
    assert one.http == Http("/", header)


@pytest.mark.parametrize(
    ("tls", "expected"),
    [
        (None, None),
        (False, None),
        ("no", None),
        (True, Tls("web.example", True, None)),
        ("True", Tls("web.example", True, None)),
        ({}, Tls("web.example", True, None)),
        ({"server_name": "other.example", "validate_certs": False}, Tls("other.example", False, None)),
        ({"validate_certs": "no", "ca_path": "/some/ca.pem", "server_name": None}, Tls("web.example", False, "/some/ca.pem")),
    ],
)
def test_tls(tls: object, expected: Tls | None) -> None:
    one = read_one(tls=tls)
    assert isinstance(one, Endpoint)
    assert one.tls == expected


def test_the_server_name_of_an_address_has_no_zone() -> None:
    one = read_one(host="fe80::1%eth0", tls=True)
    assert isinstance(one, Endpoint)
    assert one.tls == Tls("fe80::1", True, None)


def test_http_options() -> None:
    one = read_one(http={"path": "/health?deep=1", "host": "other.example"})
    assert isinstance(one, Endpoint)
    assert one.http == Http("/health?deep=1", "other.example")


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"port": 0}, "The port must be between 1 and 65535, not 0."),
        ({"port": 65536}, "The port must be between 1 and 65535, not 65536."),
        ({"port": -1}, "The port must be between 1 and 65535, not -1."),
        ({"port": 10**80}, "The port must be between 1 and 65535, not 10000000000000000..."),
        ({"host": ""}, "The host must be a name or an address, not ''."),
        ({"host": "[]"}, "The host must be a name or an address, not '[]'."),
        ({"host": "two names"}, "The host must be a name or an address, not 'two names'."),
        ({"host": "line\nbreak"}, "The host must be a name or an address, not 'line?break'."),
        ({"host": "nul\0"}, "The host must be a name or an address, not 'nul?'."),
        ({"host": "x" * 256}, "The host must be a name or an address, not '" + "x" * 77 + "...'."),
        ({"timeout": 0.0}, "The timeout must be between 0.1 and 60 seconds, not 0.0."),
        ({"timeout": 61.0}, "The timeout must be between 0.1 and 60 seconds, not 61.0."),
        ({"timeout": float("nan")}, "The timeout must be between 0.1 and 60 seconds, not nan."),
        ({"source": "eth0"}, "The source must be an address, not 'eth0'."),
        ({"source": ""}, "The host must be a name or an address, not ''."),
        ({"http": {"path": "no-slash"}}, "The path must start with a slash, not 'no-slash'."),
        ({"http": {"path": ""}}, "The path must start with a slash, not ''."),
        (
            {"http": {"path": "/ HTTP/1.1\r\nX: y"}},
            "The path must be at most 2048 printable ASCII characters without blanks, not '/ HTTP/1.1??X: y'.",
        ),
        ({"http": {"host": "a\r\nX: y"}}, "The Host header must be at most 2048 printable ASCII characters without blanks, not 'a??X: y'."),
        ({"http": {"path": "/\u00e9"}}, "The path must be at most 2048 printable ASCII characters without blanks, not '/?'."),
        ({"host": "b\u00fccher.example", "http": True}, "The Host header must be"),
        ({"tls": {"server_name": "."}}, "The server name must be a name or an address, not '.'."),
    ],
)
def test_a_wrong_endpoint_is_kept_with_the_reason(changes: dict[str, object], reason: str) -> None:
    one = read_one(**changes)
    assert isinstance(one, Invalid)
    assert one.reason.startswith(reason)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"tls": "perhaps"}, "endpoints, entry 2: tls must be true, false or a dictionary, not 'perhaps'"),
        ({"tls": 1.5}, "endpoints, entry 2: tls must be true, false or a dictionary, not '1.5'"),
        ({"http": ["/"]}, "endpoints, entry 2: http must be true, false or a dictionary, not '['/']'"),
        ({"http": {"pth": "/"}}, "endpoints, entry 2: http has no option 'pth'. Its options are: path, host"),
        ({"http": {"path": 7}}, "endpoints, entry 2: http: path must be a string, not '7'"),
        ({"tls": {"validate_certs": "maybe"}}, "endpoints, entry 2: tls: validate_certs must be a boolean, not 'maybe'"),
    ],
)
def test_what_is_no_endpoint_is_refused(changes: dict[str, object], message: str) -> None:
    with pytest.raises(EndpointsError) as caught:
        read_endpoints([entry(), entry(**changes)])
    assert str(caught.value) == message


def test_duplicates_stay_once_and_in_order() -> None:
    first: dict[str, object] = {"host": "::1"}
    second: dict[str, object] = {"port": 81, "tls": {}}
    given_twice: list[dict[str, object]] = [first, second, {"host": "[::1]"}, {"port": 81, "tls": True}, {"port": 0}, {"port": 0}, first]
    found = read_endpoints([entry(**one) for one in given_twice])
    assert [(one.host, one.port) for one in found] == [("::1", 80), ("web.example", 81), ("web.example", 0)]


def test_what_differs_is_no_duplicate() -> None:
    variants: list[dict[str, object]] = [
        {},
        {"http": True},
        {"tls": True},
        {"source": "192.0.2.1"},
        {"timeout": 1.0},
        {"http": {"path": "/x"}},
    ]
    assert len(read_endpoints([entry(**one) for one in variants])) == len(variants)


def test_thousands_are_refused_and_the_bound_is_not() -> None:
    assert len(read_endpoints([entry(port=port) for port in range(1, MAX_ENDPOINTS + 1)] * 20)) == MAX_ENDPOINTS
    with pytest.raises(EndpointsError, match=r"one task takes at most 256 different endpoints, not 3000\. Nothing was sent"):
        read_endpoints([entry(port=port) for port in range(1, 3001)])


OPTION = (
    st.none()
    | st.booleans()
    | st.text()
    | st.dictionaries(st.sampled_from(["path", "host", "server_name", "validate_certs", "more"]), st.none() | st.booleans() | st.text())
)


@given(st.text(), st.integers(), st.floats(), st.none() | st.text(), OPTION, OPTION)
def test_no_option_gets_further_than_its_own_result(
    host: str, port: int, timeout: float, source: str | None, tls: object, http: object
) -> None:
    try:
        one = read_one(host=host, port=port, timeout=timeout, source=source, tls=tls, http=http)
    except EndpointsError as error:
        shown = str(error)
    else:
        shown = one.reason if isinstance(one, Invalid) else ""
        if isinstance(one, Endpoint) and one.http:
            assert not set(one.http.path + one.http.host) & set(" \r\n\0")
    assert shown.isprintable()
