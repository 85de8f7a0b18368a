# Copyright (c) 2026 The linux_tcp.hardening authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import contextlib

import pytest
from ansible_collections.linux_tcp.hardening.plugins.plugin_utils._endpoints import EndpointError, endpoints
from hypothesis import given
from hypothesis import strategies as st

DB, WEB = {"host": "db", "port": 5432}, {"host": "2001:db8::1", "port": 443}


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("db:5432", [DB]),
        (" db:5432, [2001:db8::1]:443 ", [DB, WEB]),
        (["db:5432", WEB], [DB, WEB]),
        (DB, [DB]),
        ('[{"host": "db", "port": 5432}]', [DB]),
        ('{"host": "db", "port": 5432}', [DB]),
        ('["db:5432"]', [DB]),
        ("[]", []),
        ("", []),
        ([], []),
        (None, []),
    ],
)
def test_what_people_write(written: object, meant: object) -> None:
    assert endpoints(written) == meant


@pytest.mark.parametrize(
    "written", ["db", "db:", ":5432", "db:http", "2001:db8::1:443", "db:123456", ["db:1", 7], 7, [None], "[{", "a b:1"]
)
def test_what_is_no_endpoint_is_named(written: object) -> None:
    named = written[-1] if isinstance(written, list) else written
    with pytest.raises(EndpointError, match=r"HOST:PORT|no JSON") as refused:
        endpoints(written)
    assert str(named) in str(refused.value)


@given(st.recursive(st.none() | st.text() | st.integers(), lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner)))
def test_anything_is_endpoints_or_refused(written: object) -> None:
    with contextlib.suppress(EndpointError):
        assert all(isinstance(one, dict) for one in endpoints(written))
