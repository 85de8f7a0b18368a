# Copyright (c) 2026 The linux_tcp.hardening authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE to the collection: not for use outside it, may change at any time.

"""Cures of a network namespace of its own: a role on the host sets nothing there, so the settings go to what makes the namespace."""

from __future__ import annotations

import re
import typing as t

from ._base import CURES

if t.TYPE_CHECKING:
    from .._results import Advice

# What a cure sets, as the roles do.
SETTINGS = {
    "reuse": ("net.ipv4.tcp_tw_reuse", "1"),
    "wider-range": ("net.ipv4.ip_local_port_range", "16384 65535"),
    "timestamps-on": ("net.ipv4.tcp_timestamps", "1"),
    "raise-buckets": ("net.ipv4.tcp_max_tw_buckets", "262144"),
    "rfc1337-off": ("net.ipv4.tcp_rfc1337", "0"),
    "conntrack-timeout": ("net.netfilter.nf_conntrack_tcp_timeout_time_wait", "120"),
    "fin-wait2": ("net.ipv4.tcp_fin_timeout", "10"),
}
# Keys that a pod may set by itself: always, or since which version of Kubernetes.
ALWAYS_SAFE = ("net.ipv4.ip_local_port_range",)
SAFE_SINCE = {"net.ipv4.tcp_fin_timeout": "1.29"}

_ROLE = re.compile(r"\brole linux_tcp\.hardening\.")


def of_namespace(cure: Advice, runtime: str | None) -> Advice:
    """The cure with the lines for the runtime that made the namespace, in place of a role. runtime: as in the snapshot's namespaces."""
    if cure["id"] not in SETTINGS:
        return cure
    key, value = SETTINGS[cure["id"]]
    steps = CURES[cure["id"]].how if cure["how"] is None else cure["how"]
    return {**cure, "how": [_line(key, value, runtime), *(step for step in steps if not _ROLE.search(step))]}


def _line(key: str, value: str, runtime: str | None) -> str:
    if runtime == "kubernetes":
        line = f'in the pod: securityContext: {{sysctls: [{{name: {key}, value: "{value}"}}]}}'
        if key in ALWAYS_SAFE:
            return f"{line} (a safe sysctl)"
        if key in SAFE_SINCE:
            return f"{line} (safe since Kubernetes {SAFE_SINCE[key]})"
        return f"{line}; it is not a safe sysctl, so the kubelet needs --allowed-unsafe-sysctls={key}"
    setting = f"{key}={value}" if " " not in value else f"'{key}={value}'"
    if runtime in ("docker", "podman"):
        return f"{runtime} run --sysctl {setting} … (in a compose file: sysctls)"
    return f"inside this network namespace: sysctl -w {setting}. It is lost when the namespace ends: docs/containers.md says how to keep it"
