# Copyright (c) 2026 The linux_tcp.hardening authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE to the collection: not for use outside it, may change at any time.

"""Endpoints as people write them: HOST:PORT, several of them in a text or a list, or the dictionaries of tcp_probe."""

from __future__ import annotations

import json
import re
import typing as t

from ._escape import one_line

_HOST_AND_PORT = re.compile(r"(?:\[([^\[\]\s]+)\]|([^:\[\]\s]+)):([0-9]{1,5})\Z")
_LONGEST = 100


class EndpointError(ValueError):
    """What is no endpoint, and how to write one."""


def endpoints(given: object) -> list[dict[str, t.Any]]:
    """The endpoints for tcp_probe, which checks what is in them. Raises EndpointError naming the one that is none.

    given: a list, one endpoint alone, or a text: JSON, or HOST:PORT with commas between several. Nothing at all is an empty list.
    """
    if isinstance(given, str):
        given = _of_text(given)
    if isinstance(given, dict):
        given = [given]
    if not given:
        return []
    if not isinstance(given, (list, tuple)):
        raise _wrong(given)
    return [_endpoint(one) for one in given]


def _of_text(text: str) -> object:
    text = text.strip()
    if not text.startswith(("{", "[{", '["', "[]")):
        return [part.strip() for part in text.split(",") if part.strip()]
    try:
        return json.loads(text)
    except ValueError as error:
        raise EndpointError(f"this is no JSON ({error}): {one_line(text, _LONGEST)}") from None


def _endpoint(one: object) -> dict[str, t.Any]:
    if isinstance(one, dict):
        return dict(one)
    match = _HOST_AND_PORT.match(one.strip()) if isinstance(one, str) else None
    if match is None:
        raise _wrong(one)
    return {"host": match.group(1) or match.group(2), "port": int(match.group(3))}


def _wrong(one: object) -> EndpointError:
    return EndpointError(f"{one_line(str(one), _LONGEST)!r} is no endpoint. Write HOST:PORT, or a dictionary with host and port.")
