# Copyright (c) 2026 The linux_tcp.hardening authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE to the collection: not for use outside it, may change at any time.

"""Who closes first, and what people do about the TIME_WAIT that follows."""

from __future__ import annotations

import typing as t

from .._capacity import TIME_WAIT_BYTES
from ._base import CannotApplyError, Finding, MissingFactError, everywhere, judge, rule
from ._boot import no_failure, number_set
from ._text import endpoint
from ._view import FIN_TIMEOUT, MAX_TW_BUCKETS

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
        "The side that closes first gets the TIME_WAIT, and with it the local port that stays taken for 60 seconds."
        " Most TIME_WAIT sockets here belong to connections that this host opened: so it is this host's ports that "
        "they use up, and letting the other side close is the cure."
    ),
    measured=(
        "Linux 6.18: where the server closed first, 30 connections over a range of 20 ports all succeeded, and 20 more at once after them."
    ),
    remedy=(
        "Send `Connection: close` and let the server close, or keep connections open and reuse them (HTTP "
        "keep-alive, connection pools). A load generator may close with SO_LINGER 0 (counted in TCPAbortOnData); a "
        "real client should not."
    ),
    waiver_advice="Normal for HTTP clients with few connections. Take it seriously together with ports-pressure.",
    references=("RFC 9293, 3.6.1", "RFC 1122, 4.2.2.13"),
)
def closes_first_as_client(host: View, limits: Thresholds) -> Iterator[Finding]:
    outgoing, listening = host.sockets["time_wait_outgoing"], host.sockets["time_wait_listening"]
    busiest = host.busiest
    yield judge(
        outgoing > listening and outgoing >= limits.closes_first_client_sockets,
        "TIME_WAIT sockets",
        f"{outgoing} TIME_WAIT sockets belong to outgoing connections, {listening} to listening ports",
        "most connections are closed first by the other side",
        severity="medium" if host.under_port_pressure(limits.ports_pressure_medium_percent) else None,
        evidence={"busiest destination": endpoint(busiest["destination"], busiest["destination_port"]) if busiest else None},
    )


@rule(
    "peer-closes-never",
    title="The peer leaves closing to this host",
    severities={"client_host": "info", "fullnat_lb": "info"},
    claims=("D2", "D9"),
    rationale=(
        "A probe asked this peer to close the connection (`Connection: close`), and the peer did not: it waited for this host. "
        "So TIME_WAIT stays here, and asking with a header alone will not move it."
    ),
    remedy=(
        "Where the rate is high: keep connections open and use them again, or have the peer configured to close first (haproxy "
        "`option httpclose` in the frontend, nginx `keepalive_timeout 0`)."
    ),
    waiver_advice="It is a property of the peer and no fault of this host. It matters only together with ports-pressure.",
    references=("RFC 9112, 9.6", "RFC 9293, 3.6.1"),
)
def peer_closes_never(host: View, limits: Thresholds) -> Iterator[Finding]:
    answers = [probe["http"]["closes"]["connection_close"] for probe in host.probes if probe["http"]]
    if not any(answers):
        raise CannotApplyError("no HTTP endpoint was probed, or none answered (option probe_endpoints of tcp_audit)")
    left = False
    for probe in host.probes:
        if probe["http"] and probe["http"]["closes"]["connection_close"] == "local":
            left = True
            yield Finding(
                "fail",
                endpoint(probe["address"] or probe["host"], probe["port"]),
                "asked to close, it left closing to this host",
                "the peer closes first where it is asked to",
                evidence={f"closed by after {asked}": who for asked, who in probe["http"]["closes"].items() if isinstance(who, str)},
            )
    if not left:
        yield Finding(
            "pass", "probed peers", f"{answers.count('peer')} of {len(answers)} probed addresses close first where they are asked to"
        )


@rule(
    "closes-first-as-server",
    title="This host closes accepted connections first",
    severities={"fullnat_lb": "info", "backend": "info"},
    claims=("D2", "D11", "D19"),
    rationale=(
        "A TIME_WAIT socket whose local port has a listener means that this host closed first as a server. It takes"
        " no ephemeral port and does not keep anyone from connecting, but it takes memory and counts against "
        "tcp_max_tw_buckets, and on a NATed path it is what a reused 5-tuple runs into."
    ),
    measured="Linux 6.18: a newer SYN re-opens a TIME_WAIT on the server; 256 bytes each.",
    remedy=(
        "Let clients close: keep-alive with a timeout longer than theirs, no `Connection: close` from the server. "
        "Do not close with SO_LINGER 0 on a server: the peer sees an error. In front of port-starved load "
        "generators closing first here is what helps them: then keep it."
    ),
    waiver_advice="A good reason is that clients which run out of ports need this side to close first.",
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
        "TIME_WAIT lasts 60 seconds, a constant compiled into the kernel. tcp_fin_timeout is how long an orphaned "
        "socket waits in FIN_WAIT2 for the other side's FIN. Lowering it cures nothing that TIME_WAIT causes; very "
        "low values cut off peers that are slow to close."
    ),
    measured="Linux 6.18 with tcp_fin_timeout = 5: TIME_WAIT sockets still ran 59 more seconds.",
    remedy="Remove the line. Against TIME_WAIT see closes-first-as-client and ports-pressure.",
    waiver_advice="Accept 15 to 30 where many orphaned FIN_WAIT2 sockets were really seen.",
    references=("Linux TCP_TIMEWAIT_LEN (include/net/tcp.h)", "RFC 9293, 3.6"),
)
def fin_timeout_mistaken(host: View, limits: Thresholds) -> Iterator[Finding]:
    failed = False
    for setting in host.settings(FIN_TIMEOUT):
        seconds = number_set(setting)
        if seconds is None or seconds >= limits.fin_timeout_seconds:
            continue
        failed = True
        yield Finding(
            "fail",
            FIN_TIMEOUT,
            f"tcp_fin_timeout = {setting.text}",
            "the kernel's own 60, or no line",
            path=setting.path,
            line=setting.line,
            severity="medium" if seconds <= limits.fin_timeout_low_seconds else None,
        )
    if not failed:
        yield no_failure(host, FIN_TIMEOUT, f"no boot file lowers it; the running value is {host.told(FIN_TIMEOUT)}")


@rule(
    "resets-on-close",
    title="A server ends connections with resets",
    severities={"backend": "low"},
    claims=("D11",),
    rationale=(
        "A close with SO_LINGER 0 sends a RST and skips TIME_WAIT. On a load generator that is a fair trick; on a "
        "server the peer sees an error, and data that it has not read yet is lost."
    ),
    measured=("Linux 6.18 and 5.10: SO_LINGER 0 counts in TCPAbortOnData (not in TCPAbortOnLinger), OutRsts and EstabResets."),
    remedy=(
        "Close without SO_LINGER 0 and let the client close first; look for the setting in the server's and the proxy's configuration."
    ),
    waiver_advice=("Accept it where health checks of a balancer are closed by reset on purpose and make up most connections."),
    references=("Linux TcpExt TCPAbortOnData",),
)
def resets_on_close(host: View, limits: Thresholds) -> Iterator[Finding]:
    aborted = host.growth("TcpExt", "TCPAbortOnData")
    opened = host.growth("Tcp", "ActiveOpens").amount + host.growth("Tcp", "PassiveOpens").amount
    established = host.growth("Tcp", "CurrEstab").amount if not aborted.since_boot else host.counter("Tcp", "CurrEstab") or 0
    closed = opened - established
    if closed <= 0:
        if aborted.amount:
            raise MissingFactError("no closed connections were counted to compare TCPAbortOnData with")
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
