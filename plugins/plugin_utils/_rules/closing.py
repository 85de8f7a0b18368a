# Copyright (c) 2026 The linux_tcp.hardening authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE to the collection: not for use outside it, may change at any time.

"""Who closes first, and what people do about the TIME_WAIT that follows."""

from __future__ import annotations

import typing as t

from .._addresses import endpoint
from .._capacity import TIME_WAIT_BYTES
from ._base import CannotApplyError, Finding, MissingFactError, everywhere, judge, rule
from ._boot import no_failure, number_set
from ._view_keys import FIN_TIMEOUT, MAX_TW_BUCKETS

if t.TYPE_CHECKING:
    from collections.abc import Iterator

    from ._base import Thresholds
    from ._view import View


@rule(
    "closes-first-as-client",
    title="This host closes its own connections first",
    severities={"client_host": "info"},
    claims=("D2", "D9", "D17", "D19"),
    rationale=(
        "The side that closes first gets the TIME_WAIT and keeps its local port taken for 60 seconds. Most TIME_WAIT sockets "
        "here belong to connections that this host opened. So they use up this host's ports. The cure is to let the other side "
        "close."
    ),
    measured="Linux 6.18, range of 20 ports, the server closed first: 30 connections all succeeded, and right after them 20 more at once.",
    remedy=(
        "Send `Connection: close` and let the server close, or keep connections open and use them again (HTTP keep-alive, "
        "connection pools). A load generator may close with SO_LINGER 0 (counted in TCPAbortOnData); a real client should not."
    ),
    waiver_advice="Normal for HTTP clients with few connections. Do not waive it if ports-pressure fails too.",
    references=("RFC 9293, 3.6.1", "RFC 1122, 4.2.2.13"),
)
def closes_first_as_client(host: View, limits: Thresholds) -> Iterator[Finding]:
    outgoing, listening = host.sockets["time_wait_outgoing"], host.sockets["time_wait_listening"]
    busiest = host.busiest
    yield judge(
        outgoing > listening and outgoing >= limits.closes_first_client_sockets,
        "TIME_WAIT sockets",
        f"{outgoing} TIME_WAIT sockets belong to outgoing connections, {listening} to listening ports",
        "the other side closes most connections first",
        severity="medium" if host.under_port_pressure(limits.ports_pressure_medium_percent) else None,
        evidence={"busiest destination": endpoint(busiest["destination"], busiest["destination_port"]) if busiest else None},
    )


@rule(
    "peer-closes-never",
    title="The peer does not close the connection when asked to",
    severities={"client_host": "info", "fullnat_lb": "info"},
    claims=("D2", "D9"),
    rationale=(
        "A probe asked this peer to close the connection (`Connection: close`). The peer did not; it waited for this host to "
        "close. So TIME_WAIT stays here, and a header alone does not change that."
    ),
    remedy=(
        "If the rate is high, keep connections open and use them again. Or configure the peer to close first (haproxy `option "
        "httpclose` in the frontend, nginx `keepalive_timeout 0`)."
    ),
    waiver_advice="This is how the peer works; it is not a fault of this host. It matters only together with ports-pressure.",
    references=("RFC 9112, 9.6", "RFC 9293, 3.6.1"),
)
def peer_closes_never(host: View, limits: Thresholds) -> Iterator[Finding]:
    answers = [probe["http"]["closes"]["connection_close"] for probe in host.probes if probe["http"]]
    if not any(answers):
        raise CannotApplyError("no HTTP endpoint was probed, or none answered (set probe_endpoints of tcp_audit)")
    left = False
    for probe in host.probes:
        if probe["http"] and probe["http"]["closes"]["connection_close"] == "local":
            left = True
            yield Finding(
                "fail",
                endpoint(probe["address"] or probe["host"], probe["port"]),
                "asked to close, it did not close",
                "the peer closes first when asked to",
                evidence={f"closed first after {asked}": who for asked, who in probe["http"]["closes"].items() if isinstance(who, str)},
            )
    if not left:
        yield Finding("pass", "probed peers", f"{answers.count('peer')} of {len(answers)} probed addresses close first when asked to")


@rule(
    "closes-first-as-server",
    title="This host closes accepted connections first",
    severities={"fullnat_lb": "info", "backend": "info"},
    claims=("D2", "D11", "D19"),
    rationale=(
        "A TIME_WAIT socket on a port with a listener means that this host closed first as a server. It takes no ephemeral "
        "port, and clients can still connect. But it takes memory and counts against tcp_max_tw_buckets. Behind a NAT that uses "
        "an address and port again, the new client's SYN meets it."
    ),
    measured="Linux 6.18: a newer SYN re-opens a TIME_WAIT on the server; 256 bytes each.",
    remedy=(
        "Let clients close: use keep-alive with a timeout longer than theirs, and send no `Connection: close` from the server. "
        "Do not close with SO_LINGER 0 on a server: the peer sees an error. If the clients are load generators that run out of "
        "ports, closing first here is what helps them; then change nothing."
    ),
    waiver_advice="A good reason: clients that run out of ports need this side to close first.",
    references=("RFC 9293, 3.6.1", "RFC 6191"),
)
def closes_first_as_server(host: View, limits: Thresholds) -> Iterator[Finding]:
    limit = host.number(MAX_TW_BUCKETS)
    if limit <= 0:
        raise CannotApplyError(f"tcp_max_tw_buckets is {limit}; see buckets-disabled")
    listening = host.sockets["time_wait_listening"]
    percent = 100.0 * listening / limit
    yield judge(
        percent > limits.closes_first_server_percent,
        "TIME_WAIT sockets",
        f"{listening} TIME_WAIT sockets on listening ports ({percent:.1f} % of tcp_max_tw_buckets)",
        f"at most {limits.closes_first_server_percent} %",
        evidence={"time_wait_listening": listening, "memory_bytes": listening * TIME_WAIT_BYTES, "tcp_max_tw_buckets": limit},
    )


@rule(
    "fin-timeout-mistaken",
    title="tcp_fin_timeout was lowered, which does not shorten TIME_WAIT",
    severities=everywhere("info"),
    claims=("D2",),
    rationale=(
        "TIME_WAIT lasts 60 seconds, a constant compiled into the kernel. tcp_fin_timeout is how long an orphaned socket waits "
        "in FIN_WAIT2 for the other side's FIN. Lowering it solves no problem with TIME_WAIT, and very low values cut off peers "
        "that are slow to close."
    ),
    measured="Linux 6.18 with tcp_fin_timeout = 5: TIME_WAIT sockets still had 59 seconds left.",
    remedy="Delete the line. For problems with TIME_WAIT see closes-first-as-client and ports-pressure.",
    waiver_advice="Accept 15 to 30 where you really saw many orphaned FIN_WAIT2 sockets.",
    references=("Linux TCP_TIMEWAIT_LEN (include/net/tcp.h)", "RFC 9293, 3.6"),
)
def fin_timeout_mistaken(host: View, limits: Thresholds) -> Iterator[Finding]:
    failed = False
    for setting in host.boot_settings(FIN_TIMEOUT):
        seconds = number_set(setting)
        if seconds is None or seconds >= limits.fin_timeout_seconds:
            continue
        failed = True
        yield Finding(
            "fail",
            FIN_TIMEOUT,
            f"tcp_fin_timeout = {setting.text}",
            "the kernel's default of 60, or no line",
            path=setting.path,
            line=setting.line,
            severity="medium" if seconds <= limits.fin_timeout_low_seconds else None,
        )
    if not failed:
        yield no_failure(host, FIN_TIMEOUT, f"no boot file lowers it; the running value is {host.shown(FIN_TIMEOUT)}")


@rule(
    "resets-on-close",
    title="A server ends connections with resets",
    severities={"backend": "low"},
    claims=("D11",),
    rationale=(
        "A close with SO_LINGER 0 sends a RST and skips TIME_WAIT. On a load generator that is acceptable. On a server the peer "
        "sees an error, and data that it has not read yet is lost."
    ),
    measured="Linux 6.18 and 5.10: a close with SO_LINGER 0 counts in TCPAbortOnData (not in TCPAbortOnLinger), OutRsts and EstabResets.",
    remedy=(
        "Close without SO_LINGER 0, and let the client close first. Look for the setting in the configuration of the server and "
        "of the proxy."
    ),
    waiver_advice="Accept it where a balancer's health checks are closed with a reset on purpose and are most of the connections.",
    references=("Linux TcpExt TCPAbortOnData",),
)
def resets_on_close(host: View, limits: Thresholds) -> Iterator[Finding]:
    aborted = host.growth("TcpExt", "TCPAbortOnData")
    opened = host.growth("Tcp", "ActiveOpens").amount + host.growth("Tcp", "PassiveOpens").amount
    established = host.growth("Tcp", "CurrEstab").amount if not aborted.since_boot else host.counter("Tcp", "CurrEstab") or 0
    closed = opened - established
    if closed <= 0:
        if aborted.amount:
            raise MissingFactError("no connection was counted as closed, so there is nothing to compare TCPAbortOnData with")
        yield Finding("pass", "TCPAbortOnData", str(aborted))
        return
    percent = 100.0 * aborted.amount / closed
    yield judge(
        percent > limits.resets_percent,
        "TCPAbortOnData",
        f"{aborted}, {percent:.1f} % of {closed} closed connections",
        f"at most {limits.resets_percent} %",
        since_boot=aborted.since_boot,
        evidence={"TCPAbortOnData": aborted.amount, "closed connections": closed},
    )
