# Copyright (c) 2026 The linux_tcp.hardening authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE to the collection: not for use outside it, may change at any time.

"""Endpoints that were probed and did not answer."""

from __future__ import annotations

import typing as t

from ._base import CannotApplyError, Finding, rule

if t.TYPE_CHECKING:
    from collections.abc import Iterator

    from .._probe_types import Probe
    from ._base import Thresholds
    from ._view import View


@rule(
    "probe-failed",
    title="An endpoint that was probed does not answer",
    severities={"client_host": "medium"},
    claims=(),
    rationale=(
        "The audit was asked to probe this endpoint from the host, and the name did not resolve, or the connection was refused or timed "
        "out. So the host cannot reach what it is there for. And whatever a probe would have shown (timestamps, who closes first) is "
        "not known."
    ),
    measured="Linux 6.18: a name that does not resolve, a port where nothing listens and an address that drops SYNs each give one line.",
    remedy="Check the name, the port and the firewalls on the way: run tcp_probe on the host, or getent hosts NAME and curl -v.",
    waiver_advice="Accept it for an endpoint that is not built yet.",
    references=("RFC 9293, 3.10.7.3",),
)
def probe_failed(host: View, limits: Thresholds) -> Iterator[Finding]:
    if not host.probes:
        raise CannotApplyError("no endpoint was probed (set probe_endpoints of tcp_audit)")
    failures = failed_probes(host.probes)
    for (name, port), messages in failures.items():
        yield Finding("fail", f"{name}:{port}", "; ".join(messages), "an answer")
    if not failures:
        endpoints = {(probe["host"], probe["port"]) for probe in host.probes}
        yield Finding("pass", "probed endpoints", f"{len(endpoints)} of {len(endpoints)} endpoints answered")


def failed_probes(probes: list[Probe]) -> dict[tuple[str, int], list[str]]:
    """What went wrong, by endpoint (host and port); an endpoint of several addresses fails when one of them does."""
    found: dict[tuple[str, int], list[str]] = {}
    for probe in probes:
        if not probe["reached"]:
            where = f"{probe['address']}: " if probe["address"] else ""
            message = f"{where}{probe['message'] or probe['error'] or 'no connection'}"
            found.setdefault((probe["host"], probe["port"]), []).append(message)
    return found
