# Copyright (c) 2026 The linux_tcp.hardening authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE to the collection: not for use outside it, may change at any time.

"""Reads and checks the endpoints to probe, before anything is sent."""

from __future__ import annotations

import ipaddress
from typing import Any, Dict, List, NamedTuple, Optional, Set, Union

from .._text import printable

MAX_ENDPOINTS = 256
MAX_PORT = 65535
MIN_SECONDS = 0.1
MAX_TIMEOUT_SECONDS = 60
_MAX_HOST = 255
_MAX_TEXT = 2048


class Tls(NamedTuple):
    """server_name: the name that the certificate must have. ca_path: a file with the certificates to trust, None for the system's."""

    server_name: str
    validate_certs: bool
    ca_path: Optional[str]


class Http(NamedTuple):
    """host: the whole value of the Host header."""

    path: str
    host: str


class Endpoint(NamedTuple):
    """What to connect to. host: without brackets. source: an address literal. timeout: in seconds."""

    host: str
    port: int
    source: Optional[str]
    timeout: float
    tls: Optional[Tls]
    http: Optional[Http]


class Invalid(NamedTuple):
    """An endpoint that cannot be probed. reason: a sentence."""

    host: str
    port: int
    source: Optional[str]
    reason: str


class EndpointsError(Exception):
    """The list of endpoints is wrong. The message names the entry and the reason."""


class _WrongEndpoint(Exception):
    """Why this one endpoint cannot be probed."""


def read_endpoints(given: List[Dict[str, Any]]) -> List[Union[Endpoint, Invalid]]:
    """The endpoints in the order given, each of them once.

    given: host (str), port (int), timeout (float), and source (str), tls and http (true, false, a dictionary), or None.
    Raises EndpointsError for an entry of the wrong type, and for more than MAX_ENDPOINTS different ones.
    """
    found: List[Union[Endpoint, Invalid]] = []
    seen: Set[Union[Endpoint, Invalid]] = set()
    for number, entry in enumerate(given, 1):
        one = _read(entry, f"endpoints, entry {number}")
        if one not in seen:
            seen.add(one)
            found.append(one)
    if len(found) > MAX_ENDPOINTS:
        raise EndpointsError(f"endpoints: one task takes at most {MAX_ENDPOINTS} different endpoints, not {len(found)}. Nothing was sent.")
    return found


def _read(entry: Dict[str, Any], where: str) -> Union[Endpoint, Invalid]:
    source, port, timeout = entry.get("source"), entry["port"], entry["timeout"]
    tls = _switch(entry.get("tls"), {"server_name": str, "validate_certs": bool, "ca_path": str}, f"{where}: tls")
    http = _switch(entry.get("http"), {"path": str, "host": str}, f"{where}: http")
    try:
        host = _host(entry["host"])
        if not 1 <= port <= MAX_PORT:
            raise _WrongEndpoint(f"The port must be between 1 and {MAX_PORT}, not {printable(str(port), 20)}.")
        if not MIN_SECONDS <= timeout <= MAX_TIMEOUT_SECONDS:
            raise _WrongEndpoint(f"The timeout must be between {MIN_SECONDS} and {MAX_TIMEOUT_SECONDS} seconds, not {timeout}.")
        return Endpoint(
            host,
            port,
            None if source is None else _source(source),
            timeout,
            None if tls is None else _tls(tls, host),
            None if http is None else _http(http, host, port, 443 if tls is not None else 80),
        )
    except _WrongEndpoint as error:
        return Invalid(printable(entry["host"], _MAX_HOST), port, source and printable(source, _MAX_HOST), str(error))


# Values from the command line are always text.
_WORDS = {"true": True, "yes": True, "false": False, "no": False}
_KINDS = {str: "a string", bool: "a boolean"}


def _switch(given: object, kinds: Dict[str, type], name: str) -> Optional[Dict[str, Any]]:
    """An option that is true, false, or a dictionary of options. None means off."""
    if isinstance(given, str):
        given = _WORDS.get(given.lower(), given)
    if given is None or given is False:
        return None
    if given is True:
        return {}
    if not isinstance(given, dict):
        raise EndpointsError(f"{name} must be true, false or a dictionary, not '{printable(str(given), 80)}'")
    options = {}
    for key, value in given.items():
        if key not in kinds:
            raise EndpointsError(f"{name} has no option '{printable(str(key), 80)}'. Its options are: {', '.join(kinds)}")
        if kinds[key] is bool and isinstance(value, str):
            value = _WORDS.get(value.lower(), value)
        if value is not None and not isinstance(value, kinds[key]):
            raise EndpointsError(f"{name}: {key} must be {_KINDS[kinds[key]]}, not '{printable(str(value), 80)}'")
        if value is not None:
            options[key] = value
    return options


def _host(text: str) -> str:
    name = text[1:-1] if text.startswith("[") and text.endswith("]") else text
    if not name or len(name) > _MAX_HOST or not name.isprintable() or " " in name:
        raise _WrongEndpoint(f"The host must be a name or an address, not '{printable(text, 80)}'.")
    # The zone is the name of an interface, where capitals matter.
    return name if "%" in name else name.lower()


def _source(text: str) -> str:
    address = _host(text)
    try:
        ipaddress.ip_address(_without_zone(address))
    except ValueError:
        raise _WrongEndpoint(f"The source must be an address, not '{printable(text, 80)}'.") from None
    return address


def _tls(options: Dict[str, Any], host: str) -> Tls:
    name = options.get("server_name") or _without_zone(host)
    if len(name) > _MAX_HOST or not name.isprintable() or " " in name or name.startswith("."):
        raise _WrongEndpoint(f"The server name must be a name or an address, not '{printable(name, 80)}'.")
    return Tls(name, options.get("validate_certs", True), options.get("ca_path"))


def _http(options: Dict[str, Any], host: str, port: int, default_port: int) -> Http:
    name = _without_zone(host)
    name = f"[{name}]" if ":" in name else name
    header = options.get("host") or (name if port == default_port else f"{name}:{port}")
    path = options.get("path", "/")
    for what, text in (("path", path), ("Host header", header)):
        # A blank or a line break would end the value, and add something else to the request.
        if len(text) > _MAX_TEXT or any(not "!" <= letter <= "~" for letter in text):
            raise _WrongEndpoint(
                f"The {what} must be at most {_MAX_TEXT} printable ASCII characters without blanks, not '{printable(text, 80)}'."
            )
    if not path.startswith("/"):
        raise _WrongEndpoint(f"The path must start with a slash, not '{printable(path, 80)}'.")
    return Http(path, header)


def _without_zone(host: str) -> str:
    return host.partition("%")[0] if ":" in host else host
