# Copyright (c) 2026 The linux_tcp.hardening authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE to the collection: not for use outside it, may change at any time.


"""Cures for ports that run out towards a destination, in the order in which they are worth trying."""

from __future__ import annotations

import typing as t

from .. import _capacity
from .._programs import sentences
from ._base import Assessment, cure

if t.TYPE_CHECKING:
    from .._results import Result
    from ._base import Case

_RULE = "ports-pressure"
# Below this share of the usable ports nobody gains from having fewer TIME_WAIT sockets.
_WORTH_PERCENT = 1
# A connection that the peer ends this soon can hardly carry a second request.
_SHORT_KEEP_ALIVE = 0.5
_NOT_PROBED = "was not probed (option probe_endpoints)"


def _timestamps_stay_off(case: Case) -> str:
    if case.timestamps == 0 and case.profile == "fullnat_lb":
        return "tcp_timestamps is 0, as the documents want it on a layer-7 balancer with clients behind NAT"
    return ""


@cure(
    "timestamps-on",
    needs=("timestamps-off", _RULE, "reuse-without-timestamps"),
    wrong=_timestamps_stay_off,
    title="Turn timestamps on, so that connect() can reuse ports in TIME_WAIT",
    cost="12 bytes in each segment. Open connections keep what they negotiated.",
    risk=(
        "On a layer-7 balancer with clients behind NAT, another client with the same address and port may be refused. "
        "The documents keep timestamps off there."
    ),
    claims=("D3", "D4", "D7"),
    how=(
        "role linux_tcp.hardening.client_host (sets net.ipv4.tcp_timestamps: 1 and net.ipv4.tcp_tw_reuse: 1), or backend on a server",
        "delete the boot-file line that turns them off",
    ),
)
def timestamps_on(case: Case, failure: Result) -> Assessment:
    pressure, delay = case.failed(_RULE), case.host.reuse_delay
    if case.timestamps == 0:
        if pressure is None:
            reason = f"tcp_timestamps is 0, so neither this host nor its peers can reuse a port (tcp_tw_reuse is {case.reuse})"
            return case.helps(failure, reason)
        return case.helps(
            pressure, f"{case.pressure}; tcp_timestamps is 0, so tcp_tw_reuse (here {case.reuse}) can reuse none of them", reuse_delay=delay
        )
    if pressure is None or case.peer_timestamps is not False:
        timestamps = "not known" if case.timestamps is None else case.timestamps
        return Assessment(f"not needed: tcp_timestamps is {timestamps}, and no busy peer is known to have them off")
    role = "role linux_tcp.hardening.backend, or fullnat_lb with fullnat_lb_timestamps: true"
    made = case.helps(pressure, f"{case.pressure}; {case.where} does not negotiate timestamps", last=True, reuse_delay=delay)
    return made._replace(how=(f"on the peer, if it is yours and has no clients behind NAT: {role}",))


def _only_itself(case: Case) -> Assessment | None:
    """What to say of a cure about other hosts, where the busiest destination is the host itself."""
    return Assessment(f"{case.where} is this host itself") if case.to_itself else None


def _reuse_does_nothing(case: Case) -> str:
    if case.profile == "backend":
        return "tcp_tw_reuse acts in connect() only, never on accepted connections"
    if case.timestamps == 0:
        return "tcp_timestamps is 0 on this host, so none of its TIME_WAIT ports can be reused"
    if case.peer_timestamps is False:
        return f"{case.where} does not negotiate timestamps, so none of these ports can be reused"
    return ""


@cure(
    "reuse",
    needs=(_RULE,),
    wrong=_reuse_does_nothing,
    frees_time_wait_only=True,
    title="Let connect() reuse ports in TIME_WAIT (tcp_tw_reuse = 1)",
    cost="One sysctl on this host.",
    risk="Safe where both ends have timestamps: the old connection's late segments are told apart by them. Where one end has none, it does "
    "nothing.",
    claims=("D3", "D4", "D5", "D15"),
    how=("role linux_tcp.hardening.client_host (sets net.ipv4.tcp_tw_reuse: 1 and net.ipv4.tcp_timestamps: 1)",),
)
def reuse(case: Case, failure: Result) -> Assessment:
    itself = _only_itself(case)
    if itself and case.reuse:
        return itself
    if case.reuse is None:
        return Assessment("not known: tcp_tw_reuse was not observed, or this kernel does not have it")
    peer = "negotiates timestamps" if case.peer_timestamps else "may or may not negotiate timestamps: probe it first (probe_endpoints)"
    if case.reuse == 1:
        return Assessment(f"tcp_tw_reuse is 1 already; {case.where} {peer}")
    made = case.helps(failure, f"{case.pressure}; tcp_tw_reuse is {case.reuse}, and {case.where} {peer}", reuse_delay=case.host.reuse_delay)
    if case.profile == "fullnat_lb":
        how = "role linux_tcp.hardening.fullnat_lb with fullnat_lb_timestamps: true; it helps only on connections to the backends"
        return made._replace(how=(how, "to keep timestamps from the clients meanwhile: strip-timestamps-in-front"))
    return made


@cure(
    "peer-closes-first",
    needs=(_RULE,),
    frees_time_wait_only=True,
    title="Let the peer close first, so that TIME_WAIT is on the peer",
    cost="The peer keeps the TIME_WAIT sockets: 256 bytes each. They take none of its ephemeral ports.",
    risk="None for this host. The client must read to the end, and close only after the peer has closed.",
    claims=("D2", "D9"),
    how=(
        "send `Connection: close` with each request (or HTTP/1.0), and close only after the peer has closed",
        (
            "on a haproxy balancer: `http-after-response set-header connection close` in the frontend (not `option httpclose`: that "
            "also ends reuse of connections to the backends)"
        ),
        "on an nginx server: `keepalive_timeout 0;`",
        "on an apache server: `KeepAlive Off`",
    ),
)
def peer_closes_first(case: Case, failure: Result) -> Assessment:
    closer = case.http["closes"]["connection_close"] if case.http else None
    asked = f"asked with `Connection: close`, {case.where}"
    seen = {
        "peer": f"{asked} closed first",
        "local": f"{asked} did not close; configure it to close first",
        "reset": f"{asked} reset the connection, which leaves no TIME_WAIT either",
    }.get(closer or "", f"who closes first when asked {_NOT_PROBED}")
    return case.helps(failure, sentences(f"{case.pressure}; {seen}", case.programs), last=closer == "local", holder="server")


@cure(
    "keep-alive",
    needs=(_RULE, "closes-first-as-client"),
    frees_time_wait_only=True,
    title="Keep connections open and use them again",
    cost="Idle connections on the peer, and memory for them.",
    risk=(
        "If the peer closes an idle connection just when it is used, that request fails. "
        "Set your idle timeout shorter than the peer's, and retry."
    ),
    claims=("D17",),
    how=(
        "HTTP clients: one session or connection pool for all requests",
        'nginx: `keepalive 64;` in the upstream block, `proxy_http_version 1.1;` and `proxy_set_header Connection "";` in the location',
        "haproxy: `http-reuse always` in the backend, without `option httpclose` and `option http-server-close`",
        "haproxy: `http-reuse safe` (its default) is not enough: the first request of each client connection opens a new one",
        "haproxy: `pool-purge-delay 60s` on the server line: after each such time about half of the idle connections are closed",
        "apache as a proxy: `ProxyPass` with a pool (`max=64 ttl=60`) and no `disablereuse=On`",
        "envoy: `http_protocol_options` with an idle_timeout shorter than the backends'",
    ),
)
def keep_alive(case: Case, failure: Result) -> Assessment:
    if failure["id"] != _RULE and case.share_percent < _WORTH_PERCENT:
        return case.not_needed(_RULE)
    seen = f"whether the peer keeps idle connections {_NOT_PROBED}"
    if case.http:
        kept, bound = case.http["keep_alive_seconds"], case.http["keep_alive_bound"]
        ended = case.http["closes"]["keep_alive"]
        if ended in ("error", "reset"):
            seen = f"a probe of keep-alive to {case.where} ended in {'an error' if ended == 'error' else 'a reset'}"
        elif ended == "local":
            seen = f"{case.where} kept an idle connection open for all {bound:g} s of the probe"
        elif kept is not None:
            if kept < _SHORT_KEEP_ALIVE:
                return Assessment(f"{case.where} closes idle connections after {kept:.1f} s", wrong=True)
            seen = f"{case.where} kept an idle connection open for {kept:.1f} s"
    rate = _capacity.capacity(case.load).rate if case.load else None
    return case.helps(failure, sentences(f"{case.pressure}; {seen}", case.programs))._replace(before=rate)


def _no_load_generator(case: Case) -> str:
    return {
        "client_host": "",
        "backend": "on a server, every client would see an error: let the clients close first",
        "fullnat_lb": "on a balancer this is no setting of the host, and peers would see errors: keep connections open",
    }.get(case.profile, "acceptable only on a load generator; if this host is one, audit it as client_host")


@cure(
    "linger-reset",
    needs=(_RULE,),
    wrong=_no_load_generator,
    frees_time_wait_only=True,
    title="Close with a reset (SO_LINGER 0), in a load generator only",
    cost="One line in the load generator.",
    risk="The peer sees an error instead of a normal close, and data that it has not read is lost. TCPAbortOnData counts each one.",
    claims=("D10", "D11"),
    how=(
        'setsockopt(fd, SOL_SOCKET, SO_LINGER, {l_onoff: 1, l_linger: 0}) before close(); in Python struct.pack("ii", 1, 0)',
        "only after the whole answer has been read",
    ),
)
def linger_reset(case: Case, failure: Result) -> Assessment:
    return case.helps(failure, f"{case.pressure}; acceptable if this host only generates load", holder="nobody")


@cure(
    "wider-range",
    needs=(_RULE,),
    title="Use more ephemeral ports",
    cost="Ports of local services inside the range must be reserved.",
    risk="A service inside the range may find its port taken when it restarts. This gives more time; it does not solve the problem.",
    claims=("D16",),
    how=(
        "role linux_tcp.hardening.client_host or fullnat_lb (sets net.ipv4.ip_local_port_range: 16384 65535, reserves listeners' ports)",
        "remove ports that nothing listens on from net.ipv4.ip_local_reserved_ports",
    ),
)
def wider_range(case: Case, failure: Result) -> Assessment:
    wide = _capacity.usable_ports(*_capacity.WIDE_RANGE)
    if case.usable_ports is None:
        return Assessment("not known: how many ports are usable was not observed")
    if case.usable_ports >= wide:
        return Assessment(f"{case.usable_ports} ports are usable already")
    return case.helps(failure, f"{case.usable_ports} ports are usable; 16384 to 65535 are {wide}", last=case.is_stuck, usable_ports=wide)


@cure(
    "more-destinations",
    needs=(_RULE,),
    title="Spread the connections over more destination addresses or ports",
    cost="One more address or port on the peer, and clients that use all of them.",
    risk="None.",
    claims=("D1", "D18"),
    how=("a second address or listening port on the balancer, both in DNS or in the clients' configuration",),
)
def more_destinations(case: Case, failure: Result) -> Assessment:
    if case.failed("ports-bound-first"):
        return Assessment("programs bind a port before they connect, so all destinations share one range: see bind-no-port")
    return _one_more(case, failure, "destination", destinations=2)


@cure(
    "more-sources",
    needs=(_RULE, "ports-bound-first"),
    title="Open connections from more source addresses",
    cost="One more address on this host.",
    risk=(
        "bind() to an address takes a port at once, unless the program sets IP_BIND_ADDRESS_NO_PORT (Linux 4.2). "
        "Without it you get EADDRINUSE instead of more ports."
    ),
    claims=("D1", "D18"),
    how=(
        "add a second address with ip address add, and bind to the addresses in turn with IP_BIND_ADDRESS_NO_PORT",
        "nginx: `proxy_bind` with an address from `split_clients`; haproxy: one `server` line for each `source` address",
    ),
)
def more_sources(case: Case, failure: Result) -> Assessment:
    return _only_itself(case) or _one_more(case, failure, "source address", sources=2)


@cure(
    "more-hosts",
    needs=(_RULE,),
    title="Spread the load over more hosts",
    cost="One more host.",
    risk="None. But behind one NAT address, all hosts share the ports of that address.",
    claims=("D18",),
    how=("a second host for the same work, which the peer sees with another address",),
)
def more_hosts(case: Case, failure: Result) -> Assessment:
    return _only_itself(case) or _one_more(case, failure, "host", hosts=2)


def _one_more(case: Case, failure: Result, what: str, **change: t.Any) -> Assessment:
    ports = "an unknown number of" if case.usable_ports is None else case.usable_ports
    return case.helps(failure, f"{case.pressure}; each additional {what} brings {ports} ports", last=case.is_stuck, **change)
