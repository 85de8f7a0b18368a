# Copyright (c) 2026 The linux_tcp.hardening authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE to the collection: not for use outside it, may change at any time.

"""Cures for ports that run short towards a destination, in the order in which they are worth trying."""

from __future__ import annotations

import typing as t

from .. import _capacity
from ._base import Verdict, cure

if t.TYPE_CHECKING:
    from ._base import Case

_RULE = "ports-pressure"
_NOT_IN_TIME_WAIT = "most of them belong to living connections, which this cure does not shorten"


@cure(
    "timestamps-on",
    title="Turn timestamps on, so that ports in TIME_WAIT can be taken over",
    cost="Twelve bytes a segment. Connections that are open keep what they negotiated.",
    risk="At a layer-7 balancer that faces NATed clients a reused 5-tuple may meet an older timestamp; the documents keep them off there.",
    claims=("D3", "D4", "D7"),
    how=(
        "role linux_tcp.hardening.client_host (sets net.ipv4.tcp_timestamps: 1 and net.ipv4.tcp_tw_reuse: 1), or backend on a server",
        "delete the boot-file line that turns them off",
    ),
)
def timestamps_on(case: Case) -> Verdict:
    trouble = case.failed(_RULE)
    if case.timestamps == 0:
        if case.profile == "fullnat_lb":
            return Verdict("tcp_timestamps is 0, as the documents want it at a layer-7 balancer that faces NATed clients", wrong=True)
        off = case.failed(_RULE, "reuse-without-timestamps", "timestamps-off")
        if off is None:
            return case.nothing("timestamps-off")
        if trouble is None:
            return case.helps(
                off, f"tcp_timestamps is 0, so neither this host nor its peers can reuse a port (tcp_tw_reuse is {case.reuse})"
            )
        reason = f"{case.pressure}; tcp_timestamps is 0, so tcp_tw_reuse (here {case.reuse}) takes over none of them"
        return case.helps(trouble, reason, reuse_delay=case.host.reuse_delay)
    if trouble is None or case.peer_timestamps is not False:
        return Verdict(f"not called for: tcp_timestamps is {_told(case.timestamps)}, and no busy peer is known to lack them")
    made = case.helps(trouble, f"{case.pressure}; {case.where} does not negotiate timestamps", last=True, reuse_delay=case.host.reuse_delay)
    role = "role linux_tcp.hardening.backend, or fullnat_lb with fullnat_lb_timestamps: true"
    return made._replace(how=(f"on the peer, where it is yours and faces no NATed clients: {role}",))


@cure(
    "reuse",
    title="Let connect() take over ports in TIME_WAIT (tcp_tw_reuse = 1)",
    cost="One sysctl on this host.",
    risk="Follows RFC 6191, so it is safe where both ends have timestamps; it does nothing where either end lacks them.",
    claims=("D3", "D4", "D5", "D15"),
    how=("role linux_tcp.hardening.client_host (sets net.ipv4.tcp_tw_reuse: 1 and net.ipv4.tcp_timestamps: 1)",),
)
def reuse(case: Case) -> Verdict:
    if case.profile == "backend":
        return Verdict("tcp_tw_reuse acts in connect() only, never on accepted connections", wrong=True)
    if case.timestamps == 0:
        return Verdict("tcp_timestamps is 0 on this host: no connection that dies here can be taken over", wrong=True)
    if case.peer_timestamps is False:
        return Verdict(f"{case.where} does not negotiate timestamps: none of its connections can be taken over", wrong=True)
    trouble = case.failed(_RULE)
    if trouble is None:
        return case.nothing(_RULE)
    if case.reuse is None:
        return Verdict("not known: tcp_tw_reuse was not observed, or this kernel lacks it")
    if case.reuse == 1:
        known = "negotiates timestamps" if case.peer_timestamps else "is not known to negotiate timestamps: probe it"
        return Verdict(f"tcp_tw_reuse is 1 already; {case.where} {known}")
    if not case.time_wait_holds_the_ports:
        return Verdict(f"{case.pressure}: {_NOT_IN_TIME_WAIT}")
    peer = "negotiates timestamps" if case.peer_timestamps else "may or may not negotiate timestamps: probe it first"
    made = case.helps(trouble, f"{case.pressure}; tcp_tw_reuse is {case.reuse}, and {case.where} {peer}", reuse_delay=case.host.reuse_delay)
    if case.profile == "fullnat_lb":
        return made._replace(
            how=("role linux_tcp.hardening.fullnat_lb with fullnat_lb_timestamps: true; it helps towards the backends alone",)
        )
    return made


@cure(
    "peer-closes-first",
    title="Let the peer close first, so that TIME_WAIT is the peer's",
    cost="The peer keeps the TIME_WAIT instead: 256 bytes each, and no port of its own.",
    risk="None for this host. The client must read to the end and close only after the peer has.",
    claims=("D2", "D9"),
    how=(
        "send `Connection: close` with each request (or HTTP/1.0), and close only after the peer's end",
        "at a haproxy balancer: `option httpclose` in the frontend",
        "at an nginx server: `keepalive_timeout 0;`",
    ),
)
def peer_closes_first(case: Case) -> Verdict:
    trouble = case.failed(_RULE)
    if trouble is None:
        return case.nothing(_RULE)
    if not case.time_wait_holds_the_ports:
        return Verdict(f"{case.pressure}: {_NOT_IN_TIME_WAIT}")
    asked = case.http["closes"]["connection_close"] if case.http else None
    seen = {
        "peer": f"asked with `Connection: close`, {case.where} closed first",
        "local": f"but asked with `Connection: close`, {case.where} left closing to this host: it has to be configured",
        "reset": f"asked with `Connection: close`, {case.where} reset the connection, which leaves no TIME_WAIT either",
    }.get(asked or "", "who closes first when asked was not probed (option probe_endpoints)")
    return case.helps(trouble, f"{case.pressure}; {seen}", last=asked == "local", holder="server")


@cure(
    "keep-alive",
    title="Keep connections open and use them again",
    cost="Idle connections at the peer, and memory for them.",
    risk="A peer that closes an idle connection just when it is used fails that request: keep it shorter here than there, and retry.",
    claims=("D17",),
    how=(
        "HTTP clients: one session or connection pool for all requests",
        'nginx: `keepalive 64;` in the upstream block, `proxy_http_version 1.1;` and `proxy_set_header Connection "";` in the location',
        "haproxy: `http-reuse safe` or `always` in the backend, without `option httpclose` and `option http-server-close`",
        "haproxy: `pool-purge-delay` on the server line, which says how long idle connections stay",
    ),
)
def keep_alive(case: Case) -> Verdict:
    trouble = case.failed(_RULE) or (case.failed("closes-first-as-client") if case.share_percent >= _WORTH_PERCENT else None)
    if trouble is None:
        return case.nothing(_RULE)
    if not case.time_wait_holds_the_ports:
        return Verdict(f"{case.pressure}: {_NOT_IN_TIME_WAIT}")
    seen = "whether the peer keeps idle connections was not probed (option probe_endpoints)"
    if case.http:
        kept, bound = case.http["keep_alive_seconds"], case.http["keep_alive_bound"]
        ended = case.http["closes"]["keep_alive"]
        if ended in ("error", "reset"):
            seen = f"a probe of keep-alive towards {case.where} ended in {'an error' if ended == 'error' else 'a reset'}"
        elif ended == "local":
            seen = f"{case.where} kept an idle connection open for {bound:g} s, which is as long as the probe waited"
        elif kept is not None:
            if kept < _SHORT_KEEP_ALIVE:
                return Verdict(f"{case.where} ends keep-alive connections after {kept:.1f} s", wrong=True)
            seen = f"{case.where} kept an idle connection open for {kept:.1f} s"
    return Verdict(f"{case.pressure}; {seen}", severity=trouble["severity"], before=_rate(case))


# Below this share of the usable ports nobody gains from having fewer TIME_WAIT sockets.
_WORTH_PERCENT = 1
# A connection that the peer ends this soon carries hardly a second request.
_SHORT_KEEP_ALIVE = 0.5


@cure(
    "linger-reset",
    title="Close with a reset (SO_LINGER 0), in a load generator only",
    cost="A line in the load generator.",
    risk="The peer sees an error instead of an end, and data that it has not read is lost. Counted in TCPAbortOnData.",
    claims=("D10", "D11"),
    how=(
        'setsockopt(fd, SOL_SOCKET, SO_LINGER, {l_onoff: 1, l_linger: 0}) before close(); in Python struct.pack("ii", 1, 0)',
        "only once the whole answer has been read",
    ),
)
def linger_reset(case: Case) -> Verdict:
    if case.profile == "backend":
        return Verdict("on a server every client would see an error: let the clients close first", wrong=True)
    if case.profile == "fullnat_lb":
        return Verdict("on a balancer it is no setting of the host, and peers would see errors: keep connections open", wrong=True)
    if case.profile != "client_host":
        return Verdict("fair in a load generator alone, and nothing says that this host is one: audit it as client_host", wrong=True)
    trouble = case.failed(_RULE)
    if trouble is None:
        return case.nothing(_RULE)
    if not case.time_wait_holds_the_ports:
        return Verdict(f"{case.pressure}: {_NOT_IN_TIME_WAIT}")
    return case.helps(trouble, f"{case.pressure}; fair where this host generates load and nothing else", holder="nobody")


@cure(
    "wider-range",
    title="Use more ephemeral ports",
    cost="Ports of local services inside the range must be reserved.",
    risk="A service inside the range may find its port taken when it restarts. It mitigates and does not cure.",
    claims=("D16",),
    how=(
        "role linux_tcp.hardening.client_host (or fullnat_lb): net.ipv4.ip_local_port_range 16384 65535, listeners reserved",
        "take ports that nothing listens on off net.ipv4.ip_local_reserved_ports",
    ),
)
def wider_range(case: Case) -> Verdict:
    trouble = case.failed(_RULE)
    if trouble is None:
        return case.nothing(_RULE)
    wide = _capacity.usable_ports(*_capacity.WIDE_RANGE)
    if case.usable_ports is None or case.usable_ports >= wide:
        return Verdict(f"{_told(case.usable_ports)} ports are usable already")
    return case.helps(trouble, f"{case.usable_ports} ports are usable; 16384 to 65535 are {wide}", usable_ports=wide)


@cure(
    "more-destinations",
    title="Spread the connections over more destination addresses or ports",
    cost="Another address or port at the peer, and clients that use all of them.",
    risk="None.",
    claims=("D1", "D18"),
    how=("a second address or listening port at the balancer, both in DNS or in the clients' configuration",),
)
def more_destinations(case: Case) -> Verdict:
    return _one_more(case, "destination", destinations=2)


@cure(
    "more-sources",
    title="Open connections from more source addresses",
    cost="Another address on this host.",
    risk="bind() to an address takes a port at once unless the program sets IP_BIND_ADDRESS_NO_PORT (4.2): EADDRINUSE instead of help.",
    claims=("D1", "D18"),
    how=(
        "ip address add a second address, and bind to the addresses in turn with IP_BIND_ADDRESS_NO_PORT",
        "nginx: `proxy_bind` with an address from `split_clients`; haproxy: one `server` line for each `source` address",
    ),
)
def more_sources(case: Case) -> Verdict:
    return _one_more(case, "source address", sources=2)


@cure(
    "more-hosts",
    title="Spread the load over more hosts",
    cost="Another host.",
    risk="None. Behind one NAT address the hosts share that address's ports again.",
    claims=("D18",),
    how=("a second host for the same work, with an address of its own as the peer sees it",),
)
def more_hosts(case: Case) -> Verdict:
    return _one_more(case, "host", hosts=2)


def _one_more(case: Case, what: str, **change: t.Any) -> Verdict:
    trouble = case.failed(_RULE)
    if trouble is None:
        return case.nothing(_RULE)
    return case.helps(trouble, f"{case.pressure}; each {what} more brings {_told(case.usable_ports)} ports", **change)


def _rate(case: Case) -> float | None:
    return _capacity.capacity(case.load).rate if case.load else None


def _told(number: int | None) -> str:
    return "an unknown number of" if number is None else str(number)
