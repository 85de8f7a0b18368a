# Copyright (c) 2026 The linux_tcp.hardening authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""tcp_capacity: how many short connections per second a host can sustain. Documented in tcp_capacity.yml."""

from __future__ import annotations

import dataclasses
import typing as t

from ansible.errors import AnsibleFilterError
from ansible.module_utils.parsing.convert_bool import boolean

from ..module_utils._sysctl._keys import SYSCTL_KEYS, parse
from ..plugin_utils._capacity import REUSE_DELAY_SECONDS, CapacityError, Load, capacity, gains, knee_ports, usable_ports

_FIELDS = {field.name: field for field in dataclasses.fields(Load)}
_WHOLE = ("usable_ports", "destinations", "sources", "hosts", "bucket_limit", "memory_bytes")


def tcp_capacity(ports: object, reserved: object = "", **options: object) -> dict[str, t.Any]:
    """The answer of the model as plain data (see RETURN of tcp_capacity). Raises AnsibleFilterError naming the argument."""
    try:
        unknown = sorted(set(options) - set(_FIELDS) | ({"usable_ports"} & set(options)))
        if unknown:
            known = ", ".join(["reserved", *list(_FIELDS)[1:]])
            raise CapacityError(f"unknown argument {str(unknown[0])[:80]!r}. The arguments are: {known}")
        load = Load(_usable(ports, reserved), **{name: _plain(name, value) for name, value in options.items()})
    except CapacityError as error:
        raise AnsibleFilterError(f"tcp_capacity: {error}") from error
    found = capacity(load)
    delay = REUSE_DELAY_SECONDS if load.reuse_delay is None else load.reuse_delay
    return {
        "usable_ports": load.usable_ports,
        "knee_ports": knee_ports(load.usable_ports),
        "rate": found.rate,
        "binds": found.binds,
        "limits": dict(found.limits),
        "port_seconds": load.port_seconds,
        "time_wait": found.time_wait,
        "memory_bytes": found.memory_bytes,
        "target_met": found.target_met,
        "exhausted_after": found.exhausted_after,
        "cures": {cure: gained._asdict() for cure, gained in gains(load, delay).items()},
    }


def _usable(ports: object, reserved: object) -> int:
    """Usable ports, from their number or from the values of the two sysctl keys."""
    if isinstance(ports, (str, list, tuple)):
        text = " ".join(map(str, ports)) if not isinstance(ports, str) else ports
        value = parse(SYSCTL_KEYS["net.ipv4.ip_local_port_range"], text)
        if not text.strip().isdecimal() and isinstance(value, list) and len(value) == 2:
            low, high = (int(str(end)) for end in value)
            if 1 <= low <= high <= 65535:
                return usable_ports(low, high, _reserved(reserved))
        if not text.strip().isdecimal():
            raise CapacityError(f"the input must be a number of ports or a range such as '32768 60999', not {text[:80]!r}")
    if reserved not in ("", None):
        raise CapacityError(
            "reserved needs a range as input, such as '32768 60999'; from a number of ports subtract the reserved ones yourself"
        )
    return t.cast("int", _plain("usable_ports", ports))


def _reserved(reserved: object) -> list[tuple[int, int]]:
    value = parse(SYSCTL_KEYS["net.ipv4.ip_local_reserved_ports"], str(reserved or ""))
    if not isinstance(value, list):
        raise CapacityError(f"reserved must be a port list such as '8080,9148-9150', not {str(reserved)[:80]!r}")
    return [(int(pair[0]), int(pair[1])) for pair in value if isinstance(pair, list)]


def _plain(name: str, value: object) -> t.Any:
    """A value from a template or the command line: a number may be text, and empty text means no value."""
    if name != "usable_ports" and (value is None or value == ""):
        return _FIELDS[name].default
    if name == "bound_first":
        try:
            return boolean(value)  # type: ignore[no-untyped-call]  # ansible-core is not typed
        except TypeError:
            raise CapacityError(f"bound_first must be true or false, not {str(value)[:80]!r}") from None
    if isinstance(value, str) and name != "holder":
        try:
            return int(value) if name in _WHOLE else float(value)
        except ValueError:
            raise CapacityError(f"{name} must be a number, not {value[:80]!r}") from None
    # Ansible passes subclasses of str; the model needs a plain str.
    return str(value) if isinstance(value, str) else value


class FilterModule:
    """The class that Ansible looks for in a file of filters."""

    def filters(self) -> dict[str, t.Callable[..., t.Any]]:
        """The filters by name."""
        return {"tcp_capacity": tcp_capacity}
