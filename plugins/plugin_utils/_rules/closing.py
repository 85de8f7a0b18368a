# Copyright (c) 2026 The linux_tcp.hardening authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE to the collection: not for use outside it, may change at any time.

"""Who closes first, and what people do about the TIME_WAIT that follows."""

from __future__ import annotations

import dataclasses
import typing as t

from .._addresses import endpoint
from .._capacity import TIME_WAIT_BYTES, TIME_WAIT_SECONDS
from .._programs import known_percent, programs_towards, sentences
from ._base import CannotApplyError, Finding, MissingFactError, everywhere, judge, rule
from ._boot import no_failure, number_set
from ._view_keys import FIN_TIMEOUT, MAX_TW_BUCKETS, TW_TIMEOUT

if t.TYPE_CHECKING:
    from collections.abc import Iterator

    from .._results import Severity
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
        sentences(
            f"{outgoing} TIME_WAIT sockets belong to outgoing connections, {listening} to listening ports",
            programs_towards(host.sockets, busiest["destination"], busiest["destination_port"]) if busiest else "",
        ),
        "the other side closes most connections first",
        severity="medium" if host.under_port_pressure(limits.ports_pressure_medium_percent) else None,
        evidence={
            "busiest destination": endpoint(busiest["destination"], busiest["destination_port"]) if busiest else None,
            **_known_programs(host),
        },
    )


def _known_programs(host: View) -> dict[str, str]:
    percent = known_percent(host.sockets)
    return {} if percent is None else {"TIME_WAIT sockets whose program is known": f"{percent:.0f} %"}


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
        "If the rate is high, keep connections open and use them again. Or configure the peer to close first (haproxy "
        "`http-after-response set-header connection close` in the frontend, nginx `keepalive_timeout 0`)."
    ),
    waiver_advice="This is how the peer works; it is not a fault of this host. It matters only together with ports-pressure.",
    references=("RFC 9112, 9.6", "RFC 9293, 3.6.1"),
)
def peer_closes_never(host: View, limits: Thresholds) -> Iterator[Finding]:
    answers = [probe["http"]["closes"]["connection_close"] for probe in host.probes if probe["http"]]
    if not any(answers):
        if any(not probe["reached"] for probe in host.probes):
            raise MissingFactError("the probes failed; see probe-failed")
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
        "A close with SO_LINGER 0 sends a RST and skips TIME_WAIT. So does a close while data of the peer is unread or still arrives, "
        "for example an answer 413 to a large upload. On a load generator that is acceptable. On a server the peer sees an error, "
        "and data that it has not read yet is lost."
    ),
    measured=(
        "Linux 6.18 and 5.10: a close with SO_LINGER 0 counts in TCPAbortOnData (not in TCPAbortOnLinger), OutRsts and EstabResets. "
        "A server that answered 413 and closed while the client still sent: TCPAbortOnData +50 for 50 requests, without SO_LINGER. "
        "A close with unread data counts in TCPAbortOnClose."
    ),
    remedy=(
        "Close without SO_LINGER 0, and let the client close first. Look for the setting in the configuration of the server and "
        "of the proxy. Where the server refuses uploads: read to the end before closing (nginx `lingering_close`)."
    ),
    waiver_advice="Accept it where a balancer's health checks are closed with a reset on purpose and are most of the connections.",
    references=("Linux TcpExt TCPAbortOnData and TCPAbortOnClose",),
)
def resets_on_close(host: View, limits: Thresholds) -> Iterator[Finding]:
    by_data, by_close = (host.growth("TcpExt", f"TCPAbortOn{what}") for what in ("Data", "Close"))
    aborted = dataclasses.replace(by_data, counter="TCPAbortOnData and TCPAbortOnClose", amount=by_data.amount + by_close.amount)
    opened = host.growth("Tcp", "ActiveOpens").amount + host.growth("Tcp", "PassiveOpens").amount
    established = host.growth("Tcp", "CurrEstab").amount if not aborted.since_boot else host.counter("Tcp", "CurrEstab") or 0
    closed = opened - established
    if closed <= 0:
        if aborted.amount:
            raise MissingFactError("no connection was counted as closed, so there is nothing to compare the resets with")
        yield Finding("pass", "resets", str(aborted))
        return
    percent = 100.0 * aborted.amount / closed
    yield judge(
        percent > limits.resets_percent,
        "resets",
        f"{aborted}, {percent:.1f} % of {closed} closed connections",
        f"at most {limits.resets_percent} %",
        since_boot=aborted.since_boot,
        long_ago=aborted.long_ago,
        evidence={"TCPAbortOnData": by_data.amount, "TCPAbortOnClose": by_close.amount, "closed connections": closed},
    )


@rule(
    "time-wait-timeout",
    title="tcp_tw_timeout is set, which no mainline kernel has",
    severities=everywhere("medium"),
    claims=("D2",),
    rationale=(
        "Some vendors' kernels shorten TIME_WAIT by tcp_tw_timeout. Then a late segment of a closed connection can land in a new one "
        "sooner than after 60 seconds, and a peer's repeated FIN gets a reset. Other kernels do not have the key: there the line in "
        "the boot file does nothing, and `sysctl -p` ends with an error because of it (severity low)."
    ),
    measured="Linux 6.18, 6.1 and 5.10 have no tcp_tw_timeout; TIME_WAIT is 60 seconds, a constant.",
    remedy="Delete the line. Where ports run out, use tcp_tw_reuse with timestamps, or let the peer close first.",
    waiver_advice="Accept it on a vendor's kernel for a value of 30 or more inside one data centre, where no segment lives so long.",
    references=("Linux TCP_TIMEWAIT_LEN (include/net/tcp.h)", "RFC 9293, 3.4.3"),
)
def time_wait_timeout(host: View, limits: Thresholds) -> Iterator[Finding]:
    known = host.has(TW_TIMEOUT)
    note = {True: "", False: ", and this kernel does not have the key", None: ", a key that exists in vendors' kernels only"}[known]
    failed = False
    if known and host.number(TW_TIMEOUT) < TIME_WAIT_SECONDS:
        failed = True
        yield Finding("fail", TW_TIMEOUT, f"TIME_WAIT lasts {host.number(TW_TIMEOUT)} s", f"{TIME_WAIT_SECONDS} s")
    for setting in host.boot_settings(TW_TIMEOUT):
        failed = True
        observed = f"tcp_tw_timeout = {setting.text}{note}"
        severity: Severity | None = "low" if known is False else None
        yield Finding("fail", TW_TIMEOUT, observed, "no line", path=setting.path, line=setting.line, severity=severity)
    if not failed:
        yield no_failure(host, TW_TIMEOUT, f"no boot file sets it; the running value is {host.shown(TW_TIMEOUT)}")
