# Copyright (c) 2026 The linux_tcp.hardening authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE to the collection: not for use outside it, may change at any time.

"""The sysctl keys that the collection knows: kind of value, bounds, default, caveat. Any other key below net. is an exact text.

Bounds are those of current kernels, measured by writing (the test does it again on the kernel it runs on).
Kernels before 5.13 took any int for what is a byte today. How a value is read is in _values.
"""

from __future__ import annotations

import re
from typing import NamedTuple

from ._shell_pattern import ANY_NAME, ShellPattern
from ._values import Accepted, Refused, kernel_reads, parse, same

__all__ = [
    "KNOWN_IPV4_NAMES",
    "MAX_TW_BUCKETS_DEFAULT_MAX",
    "MEMORY_SHARE",
    "SYSCTL_KEYS",
    "Accepted",
    "Refused",
    "SysctlKey",
    "concerns_tcp",
    "is_secret",
    "kernel_reads",
    "parse",
    "path_of",
    "same",
    "sysctl_key",
]


class SysctlKey(NamedTuple):
    """One sysctl key.

    name: dots between directories. kind: "int", "ints" (as many as numbers says), "range" (two ports, low end first),
    "ports" (a list of ports and port ranges), "text" (one word) or "exact" (a key that is not in SYSCTL_KEYS: any words, of which
    only the host's kernel knows which it takes). low, high: what the kernel accepts, both included, None is
    the kernel's int. unsigned: a minus sign is refused, even before 0. default: only where every kernel has the key and starts
    with this raw value. caveat: one sentence on what the name does not say, or "". kernel_default_max: the highest value that a
    kernel gives the key by itself, where that depends on the host.
    """

    name: str
    kind: str = "int"
    low: int | None = None
    high: int | None = None
    unsigned: bool = False
    numbers: int = 1
    default: str | None = None
    caveat: str = ""
    kernel_default_max: int | None = None


def _byte(name: str, low: int = 0, high: int = 255, default: str | None = None, caveat: str = "") -> SysctlKey:
    return SysctlKey(name, "int", low, high, True, 1, default, caveat)


# The kernel keeps seconds as ticks in an int. With 100 ticks a second, the coarsest clock, more than this fits nowhere.
_MOST_SECONDS = (2**31 - 1) // 100


def _seconds(name: str, default: str | None = None, caveat: str = "") -> SysctlKey:
    return SysctlKey(name, "int", -_MOST_SECONDS, _MOST_SECONDS, False, 1, default, caveat)


# The kernel gives tcp_max_tw_buckets half of the established hash, which grows with memory, and at most this.
MAX_TW_BUCKETS_DEFAULT_MAX = 262144
# A setting whose units take memory ("bytes_each") may take this part of a host's memory at most: 1/64.
MEMORY_SHARE = 64

_CONNTRACK_TIMEOUTS = ("close", "close_wait", "established", "fin_wait", "last_ack", "syn_recv", "syn_sent")

_TABLE = (
    # TIME_WAIT
    _byte(
        "net.ipv4.tcp_timestamps",
        default="1",
        caveat="Values over 2 are accepted and mean on, without a random offset. A connection keeps what its SYN negotiated.",
    ),
    _byte(
        "net.ipv4.tcp_tw_reuse", high=2, caveat="Acts in connect() only; 2 helps loopback only; needs timestamps on the dead connection."
    ),
    SysctlKey(
        "net.ipv4.tcp_tw_reuse_delay", "int", 1, 60000, True, caveat="Milliseconds, unlike the other TIME_WAIT keys; exists from 6.14 on."
    ),
    SysctlKey("net.ipv4.tcp_tw_recycle", caveat="Drops SYNs from behind NAT; gone from 4.12 on, where a line that sets it is an error."),
    SysctlKey("net.ipv4.tcp_tw_timeout", caveat="Exists in some vendors' kernels only; no mainline kernel can shorten TIME_WAIT."),
    SysctlKey(
        "net.ipv4.tcp_max_tw_buckets",
        caveat="0 means no TIME_WAIT at all. A negative value means no limit on newer kernels, and the same as 0 on older ones.",
        kernel_default_max=MAX_TW_BUCKETS_DEFAULT_MAX,
    ),
    _seconds("net.ipv4.tcp_fin_timeout", default="60", caveat="Limits orphaned FIN_WAIT2 sockets; TIME_WAIT is always 60 seconds."),
    _byte("net.ipv4.tcp_rfc1337", default="0", caveat="1 ignores resets in TIME_WAIT, so SYN collisions no longer heal themselves."),
    SysctlKey("net.ipv4.tcp_invalid_ratelimit", "int", 0, None, True, caveat="Milliseconds; the kernel rounds them up to its clock tick."),
    # Local ports
    SysctlKey(
        "net.ipv4.ip_local_port_range",
        "range",
        1,
        65535,
        caveat="One number alone changes only the low end; counts per destination.",
    ),
    SysctlKey(
        "net.ipv4.ip_local_reserved_ports", "ports", 0, 65535, default="", caveat="A write replaces the whole list; blanks are refused."
    ),
    SysctlKey(
        "net.ipv4.ip_unprivileged_port_start",
        "int",
        0,
        65535,
        caveat="Cannot be above the low end of ip_local_port_range.",
    ),
    SysctlKey("net.ipv4.ip_local_port_step_width", "int", 0, 2**32 - 1, True),
    _byte("net.ipv4.ip_autobind_reuse", high=1, caveat="Lets unrelated sockets with SO_REUSEADDR share a port."),
    _byte("net.ipv4.ip_nonlocal_bind", default="0"),
    # Connection set-up
    SysctlKey("net.ipv4.tcp_max_syn_backlog", caveat="The listen backlog and somaxconn limit the queue first while SYN cookies are on."),
    _byte("net.ipv4.tcp_syncookies", caveat="2 sends cookies always; options are lost where timestamps are off."),
    _byte("net.ipv4.tcp_syn_retries", low=1, high=127),
    _byte("net.ipv4.tcp_synack_retries", default="5"),
    _byte("net.ipv4.tcp_abort_on_overflow", default="0"),
    _byte("net.ipv4.tcp_migrate_req", high=1),
    SysctlKey("net.ipv4.tcp_fastopen", caveat="A bit mask: 1 client, 2 server."),
    SysctlKey("net.core.somaxconn", "int", 0, None, caveat="Read when a program calls listen(): running listeners keep the old limit."),
    SysctlKey("net.core.netdev_max_backlog", caveat="Exists in the initial network namespace only."),
    # Connection life
    _seconds("net.ipv4.tcp_keepalive_time", default="7200", caveat="Concerns sockets with SO_KEEPALIVE only."),
    _seconds("net.ipv4.tcp_keepalive_intvl", default="75"),
    _byte("net.ipv4.tcp_keepalive_probes", default="9"),
    _byte("net.ipv4.tcp_retries1", default="3"),
    _byte("net.ipv4.tcp_retries2", default="15"),
    _byte("net.ipv4.tcp_orphan_retries", default="0", caveat="0 means 8 tries."),
    SysctlKey("net.ipv4.tcp_max_orphans", caveat="Exists in the initial network namespace only; above it connections are reset."),
    _byte("net.ipv4.tcp_slow_start_after_idle", default="1"),
    _byte("net.ipv4.tcp_sack", default="1"),
    _byte("net.ipv4.tcp_window_scaling", default="1"),
    _byte("net.ipv4.tcp_ecn", high=5, caveat="Values above 2 exist from 7.0 on."),
    _byte("net.ipv4.tcp_no_metrics_save"),
    _byte("net.ipv4.tcp_mtu_probing"),
    SysctlKey("net.ipv4.tcp_rmem", "ints", 1, None, numbers=3),
    SysctlKey("net.ipv4.tcp_wmem", "ints", 1, None, numbers=3),
    SysctlKey("net.ipv4.tcp_mem", "ints", 0, 2**63 - 1, True, 3, caveat="Pages, not bytes."),
    SysctlKey("net.ipv4.tcp_congestion_control", "text"),
    SysctlKey("net.ipv4.tcp_ehash_entries", caveat="Read-only; negative where a namespace shares the initial table."),
    SysctlKey("net.ipv4.tcp_child_ehash_entries", "int", 0, 2**24, True, caveat="Concerns namespaces that are made after the write."),
    # The path
    SysctlKey("net.ipv4.ip_forward"),
    SysctlKey("net.ipv4.conf.all.rp_filter", caveat="The stronger of all and the interface counts."),
    SysctlKey("net.ipv4.conf.default.rp_filter", caveat="Concerns interfaces that appear after the write."),
    SysctlKey("net.ipv4.conf.all.accept_source_route", caveat="Both all and the interface must say yes."),
    SysctlKey("net.netfilter.nf_conntrack_max", "int", 0, None, caveat="One value for all namespaces, writable in the initial one only."),
    SysctlKey("net.nf_conntrack_max", "int", 0, None, caveat="The same value as net.netfilter.nf_conntrack_max."),
    SysctlKey("net.netfilter.nf_conntrack_count", caveat="Read-only."),
    SysctlKey("net.netfilter.nf_conntrack_buckets", "int", 0, None, True),
    _byte("net.netfilter.nf_conntrack_tcp_be_liberal", high=1),
    _byte("net.netfilter.nf_conntrack_tcp_loose", high=1),
    _byte("net.netfilter.nf_conntrack_tcp_ignore_invalid_rst", high=1),
    *[_seconds("net.netfilter.nf_conntrack_tcp_timeout_" + state) for state in _CONNTRACK_TIMEOUTS],
    SysctlKey("net.netfilter.nf_conntrack_tcp_timeout_time_wait", low=-_MOST_SECONDS, high=_MOST_SECONDS, kernel_default_max=120),
    # Files: a socket is one
    SysctlKey("fs.file-max", "int", 0, 2**63 - 1, True),
    SysctlKey("fs.nr_open", "int", 64, 2**31 - 1, True),
)

SYSCTL_KEYS: dict[str, SysctlKey] = {sysctl_key.name: sysctl_key for sysctl_key in _TABLE}

# Every tcp_* and ip_local_* name seen in /proc/sys/net/ipv4 of 2.6 to 7.2.
KNOWN_IPV4_NAMES = frozenset(
    (  # noqa: SIM905 - a list of 100 quoted words is harder to read
        "ip_local_port_range ip_local_port_step_width ip_local_reserved_ports tcp_abc tcp_abort_on_overflow tcp_adv_win_scale "
        "tcp_allowed_congestion_control tcp_app_win tcp_autocorking tcp_available_congestion_control tcp_available_ulp "
        "tcp_backlog_ack_defer tcp_base_mss tcp_challenge_ack_limit tcp_child_ehash_entries tcp_comp_sack_delay_ns "
        "tcp_comp_sack_nr tcp_comp_sack_slack_ns tcp_congestion_control tcp_cookie_size tcp_dma_copybreak tcp_dsack "
        "tcp_early_demux tcp_early_retrans tcp_ecn tcp_ecn_fallback tcp_ecn_option tcp_ecn_option_beacon tcp_ehash_entries "
        "tcp_fack tcp_fastopen tcp_fastopen_blackhole_timeout_sec tcp_fastopen_key tcp_fin_timeout tcp_frto tcp_frto_response "
        "tcp_fwmark_accept tcp_invalid_ratelimit tcp_keepalive_intvl tcp_keepalive_probes tcp_keepalive_time tcp_l3mdev_accept "
        "tcp_limit_output_bytes tcp_low_latency tcp_max_orphans tcp_max_reordering tcp_max_ssthresh tcp_max_syn_backlog "
        "tcp_max_tw_buckets tcp_mem tcp_migrate_req tcp_min_rtt_wlen tcp_min_snd_mss tcp_min_tso_segs tcp_moderate_rcvbuf "
        "tcp_mtu_probe_floor tcp_mtu_probing tcp_no_metrics_save tcp_no_ssthresh_metrics_save tcp_notsent_lowat "
        "tcp_orphan_retries tcp_pacing_ca_ratio tcp_pacing_ss_ratio tcp_pingpong_thresh tcp_plb_cong_thresh tcp_plb_enabled "
        "tcp_plb_idle_rehash_rounds tcp_plb_rehash_rounds tcp_plb_suspend_rto_sec tcp_probe_interval tcp_probe_threshold "
        "tcp_recovery tcp_reflect_tos tcp_reordering tcp_retrans_collapse tcp_retries1 tcp_retries2 tcp_rfc1337 tcp_rmem "
        "tcp_rto_max_ms tcp_rto_min_us tcp_rx_skb_cache tcp_sack tcp_shrink_window tcp_slow_start_after_idle tcp_stdurg "
        "tcp_syn_linear_timeouts tcp_syn_retries tcp_synack_retries tcp_syncookies tcp_thin_dupack tcp_thin_linear_timeouts "
        "tcp_timestamps tcp_tso_rtt_log tcp_tso_win_divisor tcp_tw_recycle tcp_tw_reuse tcp_tw_reuse_delay tcp_tw_timeout "
        "tcp_tx_skb_cache tcp_window_scaling tcp_wmem tcp_workaround_signed_windows"
    ).split()
)

# Whoever knows these can forge Fast Open cookies, guess addresses, or aim at one receive queue.
_SECRETS = (
    ("net", "ipv4", "tcp_fastopen_key"),
    ("net", "ipv6", "conf", "*", "stable_secret"),
    ("net", "core", "netdev_rss_key"),
)
_ROOT = "/proc/sys/"
_IPV4 = "net.ipv4."
_LONGEST = 4096
_SPECIAL = re.compile(r"[*?\[{\\]")
# A "*" in a secret is one name.
_SECRET_PATHS = tuple([ANY_NAME if char == "*" else char for char in "/".join(secret)] for secret in _SECRETS)
# Between the dots: what names of keys and of interfaces consist of, with a slash for a dot. No wildcard of any reader is in it.
_NET_NAME = re.compile(r"net(?:\.[A-Za-z0-9_@:+/-]+)+\Z")
_LONGEST_NAME = 200


def _parts(key: str) -> list[str]:
    """The directories and the file of a key: whichever of "." and "/" comes first separates, as sysctl.d has it."""
    key = key.strip()
    if key.startswith(_ROOT):
        key = key[len(_ROOT) :]
    key = key.lstrip("-./")
    dot, slash = key.find("."), key.find("/")
    if slash != -1 and (dot == -1 or slash < dot):
        return [part for part in key.split("/") if part]
    return [part.replace("/", ".") for part in key.split(".") if part]


def is_secret(key: str) -> bool:
    """Whether the value of a key must not leave the host. Of a shell pattern: unless it certainly stands for no secret.

    A text longer than a path may be counts as a secret. What stands from the first to the last bracket, brace or backslash of
    a pattern is taken for any text.
    """
    parts = _parts(key)
    path = "/".join(parts)
    if len(path) > _LONGEST:
        return True
    if not _SPECIAL.search(path):
        return any(len(parts) == len(secret) and all(map(_fits, secret, parts)) for secret in _SECRETS)
    pattern = _generous(path)
    return any(pattern.matches(secret) for secret in _SECRET_PATHS)


def _fits(wanted: str, part: str) -> bool:
    return wanted in ("*", part)


def _generous(path: str) -> ShellPattern:
    """A pattern that stands for all that the path may stand for to any reader, and perhaps for more."""
    first = min((place for place in map(path.find, "[{\\") if place != -1), default=len(path))
    if first == len(path):
        return ShellPattern(path, braces=False)
    last = max(map(path.rfind, "[]{},\\"))
    pattern = ShellPattern(path[:first].rstrip("/"), braces=False)
    pattern.add_gap()
    pattern.add(path[last + (2 if path[last] == "\\" else 1) :].lstrip("/"))
    return pattern


def concerns_tcp(key: str) -> bool:
    """Whether the collection speaks about a key: one of SYSCTL_KEYS, or any tcp_* or ip_local_* key of IPv4. Its value may be shown."""
    return key in SYSCTL_KEYS or (key.startswith((_IPV4 + "tcp_", _IPV4 + "ip_local_")) and not is_secret(key))


def sysctl_key(name: str) -> SysctlKey:
    """What is known of a key: its entry in SYSCTL_KEYS, or "exact" for any other key below net.; the kernel need not have it.

    :raises ValueError: it is no name of a sysctl key, not below net., or a secret; the message says which.
    """
    if name in SYSCTL_KEYS:
        return SYSCTL_KEYS[name]
    shown = repr(name)[:100]
    parts = path_of(name)[len(_ROOT) :].split("/") if len(name) <= _LONGEST_NAME and name.isprintable() else []
    # The same key has one name only.
    if name != ".".join(part.replace(".", "/") for part in parts):
        raise ValueError(f"{shown} is not a sysctl key; write it like net.ipv4.tcp_timestamps")
    if is_secret(name) or any(parts[-1] == secret[-1] for secret in _SECRETS):
        raise ValueError(f"{shown} holds a secret, which this collection neither reads nor writes")
    if parts[0] != "net":
        raise ValueError(f"{shown} is not a sysctl key that this module knows")
    if not _NET_NAME.match(name):
        raise ValueError(f"{shown} is not a sysctl key; write it like net.ipv4.tcp_timestamps")
    return SysctlKey(name, "exact")


def path_of(key: str) -> str:
    """The file of a key. A slash in a dotted key is a dot inside a name: "net.ipv4.conf.eth0/100.rp_filter".

    :raises ValueError: the key is empty or climbs out of /proc/sys.
    """
    parts = _parts(key)
    if not parts or "\0" in key or any(part in (".", "..") or "/" in part for part in parts):
        raise ValueError(f"{key!r} is not a sysctl key")
    return _ROOT + "/".join(parts)
