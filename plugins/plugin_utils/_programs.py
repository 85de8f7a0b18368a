# Copyright (c) 2026 The linux_tcp.hardening authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE to the collection: not for use outside it, may change at any time.

"""Which program it is, for people: its name, and what it does with its connections, as far as its sockets show it."""

from __future__ import annotations

import typing as t

from ..module_utils._facts._socket_tally import BEGUN_SECONDS

if t.TYPE_CHECKING:
    from ._socket_types import PortUse, ProgramUse, Sockets

_MOST_NAMED = 3
# Of fewer sockets the parity of their ports is no proof.
_FEW = 4


def programs_towards(sockets: Sockets, destination: str | None, port: int) -> str:
    """What is known of the programs that connect to a destination, or where it is None, that have the listening port.

    "" where nobody looked for them, and for a destination that gave no reason to look.
    """
    programs = sockets["programs"]
    if programs is None:
        return ""
    uses = [use for use in programs["uses"] if (use["destination"], use["port"]) == (destination, port)]
    begun = sum(group["begun"] or 0 for group in _groups(sockets, destination, port))
    if not uses:
        seen = f"not seen in {programs['looks']} looks within {programs['seconds']:g} s; for a longer look: tcp_sample_seconds=10"
        return f"Programs: {seen}" if begun else ""
    weight = sum(map(_short, uses))
    shares = [begun * _short(use) / weight if weight else begun / len(uses) for use in uses]
    texts = [_told(sockets, use, share) for use, share in zip(uses[:_MOST_NAMED], shares)]
    more = f"; and {len(uses) - _MOST_NAMED} more programs" if len(uses) > _MOST_NAMED else ""
    return f"Programs: {'; '.join(texts)}{more}"


def binding_programs(sockets: Sockets) -> str:
    """The programs whose ports look as if bind() had taken them before connect(); "" for none."""
    uses = [use for use in (sockets["programs"] or {"uses": []})["uses"] if _binds_first(sockets, use)]
    return f"Programs: {', '.join(dict.fromkeys(map(name_of, uses[:_MOST_NAMED])))}" if uses else ""


def known_percent(sockets: Sockets) -> float | None:
    """Share of the outgoing TIME_WAIT sockets towards destinations for which a program was seen, in percent; None: nobody looked."""
    programs, total = sockets["programs"], sockets["time_wait_outgoing"]
    if programs is None or not total:
        return None
    places = {(use["destination"], use["port"]) for use in programs["uses"] if use["program"] or use["owner"]}
    known = sum(group["states"].get("time_wait", 0) for place in places for group in _groups(sockets, *place))
    return min(100.0, 100.0 * known / total)


def name_of(use: ProgramUse) -> str:
    """ "billing.service (java)", "java (user 1000)", or "a program of user 1000"."""
    if use["owner"]:
        return f"{use['owner']} ({use['program']})" if use["program"] else use["owner"]
    return f"{use['program']} (user {use['user_id']})" if use["program"] else f"a program of user {use['user_id']}"


def _told(sockets: Sockets, use: ProgramUse, begun: float) -> str:
    """begun: how many TIME_WAITs of the last BEGUN_SECONDS are taken for this program's."""
    facts: list[str] = []
    if use["processes"] > 1:
        facts.append(f"{use['processes']} processes")
    if begun >= BEGUN_SECONDS and _short(use):
        facts.append(f"closes about {begun / BEGUN_SECONDS:,.0f} connections a second before the peer does")
    elif _short(use) > use["lasting"]:
        facts.append("its connections are short")
    if use["lasting"] and 2 * use["lasting"] >= use["sockets"]:
        kept = f"keeps {use['lasting']:,} connections open"
        facts.append(kept if use["keepalive"] or not use["idle"] else f"{kept}, without SO_KEEPALIVE")
    if use["closed_by_peer"]:
        facts.append(f"has not closed {use['states'].get('close_wait', 0):,} that the peer has closed")
    if _binds_first(sockets, use):
        facts.append("binds a port before it connects")
    return f"{name_of(use)}: {', '.join(facts)}" if facts else name_of(use)


def _short(use: ProgramUse) -> int:
    """Sockets that were not there in the first look, or not any more in the last."""
    return use["sockets"] - use["lasting"]


def _binds_first(sockets: Sockets, use: ProgramUse) -> bool:
    """Where connect() has used up its half of the range it takes the other parity too, but then it holds both."""
    groups = _groups(sockets, use["destination"], use["port"])
    of_bind, ports = sum(group["bind_parity"] or 0 for group in groups), sum(group["ports"] for group in groups)
    return use["bind_parity"] == use["sockets"] >= _FEW and 2 * of_bind > ports > 0


def _groups(sockets: Sockets, destination: str | None, port: int) -> list[PortUse]:
    return [group for group in sockets["ports_in_use"] if (group["destination"], group["destination_port"]) == (destination, port)]


def sentences(*parts: str) -> str:
    """Texts that are not empty, one sentence after the other."""
    return ". ".join(filter(None, parts))
