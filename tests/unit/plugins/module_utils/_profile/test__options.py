# Copyright (c) 2026 The linux_tcp.hardening authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Options that are refused, each by name."""

from __future__ import annotations

import typing as t

import pytest
from support.transactions import Host


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"name": "Client Host"}, "name"),
        ({"name": ""}, "name"),
        ({"name": "a\n"}, "name"),
        ({"settings": None}, "settings is required"),
        ({"confirm_seconds": -1}, "confirm_seconds"),
        ({"confirm_seconds": 3601}, "confirm_seconds"),
        ({"claims": ["D1\nkernel.sysrq = 1"]}, "claims"),
        ({"claims": ["D1"] * 51}, "claims"),
        *[
            ({"boot_file": path}, "boot_file")
            for path in (
                *("/etc/passwd", "/etc/sysctl.conf", "/tmp/x.conf", "etc/sysctl.d/x.conf", "/etc/sysctl.d/x", "/etc/sysctl.d/.x.conf"),
                *(
                    "/etc/sysctl.d/../x.conf",
                    "/etc/sysctl.d/a/x.conf",
                    "/etc/sysctl.d/.conf",
                    "/etc/sysctl.d/x.conf\n",
                    "/etc/sysctl.d//x.conf",
                ),
            )
        ],
    ],
)
def test_bad_options_are_refused(host: Host, options: dict[str, t.Any], message: str) -> None:
    before = host.state()
    result = host.call(**options)
    assert result["failed"]
    assert message in result["msg"]
    assert host.state() == before
