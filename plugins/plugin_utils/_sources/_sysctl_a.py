# Copyright (c) 2026 The linux_tcp.hardening authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE to the collection: not for use outside it, may change at any time.

"""Source sysctl_a: what `sysctl -a` printed (procps of any age, BusyBox), whole or an excerpt.

A key that is not in the text is absent from the host only where the text is evidently complete for its family: it holds
every name that all kernels from 2.6.32 to 6.18 have in that family (net.ipv4.tcp_*, net.ipv4.ip_*). A text that was
filtered or cut does not have all of them; then a missing key was just not observed. A whole
listing of net shows the same for all its families.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from ...module_utils._sysctl._keys import SYSCTL_KEYS, is_secret
from ._common import SourceError, empty_snapshot, present, read_text

if TYPE_CHECKING:
    from .._snapshot_types import Snapshot, Sysctl

    Listing = dict[str, Sysctl]

_TCP_ALWAYS = frozenset(
    "net.ipv4.tcp_" + name
    for name in (
        *("abort_on_overflow", "adv_win_scale", "app_win", "base_mss", "dsack", "ecn", "fack", "fin_timeout", "frto"),
        *("keepalive_intvl", "keepalive_probes", "keepalive_time", "max_syn_backlog", "max_tw_buckets", "moderate_rcvbuf"),
        *("mtu_probing", "no_metrics_save", "orphan_retries", "reordering", "retrans_collapse", "retries1", "retries2"),
        *("rfc1337", "rmem", "sack", "slow_start_after_idle", "stdurg", "syn_retries", "synack_retries"),
        *("timestamps", "tso_win_divisor", "tw_reuse", "window_scaling", "wmem", "workaround_signed_windows"),
    )
)
_IP_ALWAYS = frozenset("net.ipv4.ip_" + name for name in ("default_ttl", "dynaddr", "forward", "local_port_range", "nonlocal_bind"))

# One expression that starts with a fixed text is what keeps a thousand lines well under a millisecond.
_NET = re.compile(
    r"\n(net\.(?:ipv4\.(?:tcp_|ip_|conf\.(?:all|default)\.)|core\.|netfilter\.nf_conntrack_|nf_conntrack_)\w+)[ \t]*=[ \t]*(.*)",
    re.ASCII,
)
_OTHER = re.compile(r"\n(fs\.(?:file-max|nr_open)|kernel\.(?:osrelease|hostname))[ \t]*=[ \t]*(.*)")
_ERROR = re.compile(r"\n(?:sysctl|error):(.*)")
_ERROR_KEY = re.compile(r"(?:key|stat|stating) ['\"`]?(?:/proc/sys/)?([\w./*:@-]+)")
# A listing that holds all of these was not filtered for something in net.ipv4, nor for net.ipv4 itself.
_ALL_OF_NET = (("\nnet.ipv4.conf.",), ("\nnet.ipv4.icmp_",), ("\nnet.core.", "\nnet.unix.", "\nvm."))

_ANY_KEY = re.compile(r"^[ \t]*[\w-]+(?:[./][\w:@*-]+)+[ \t]*=", re.MULTILINE)
_INIT_ONLY = ("net.ipv4.tcp_max_orphans", "net.core.netdev_max_backlog")
_MAX_NAMES = 2000
_NAME_LIMIT = 255


def is_file(start: bytes) -> bool:
    """The start of a text does not show enough: _detect looks at the whole text."""
    return False


def is_folder(path: str) -> bool:
    """A listing is always a file."""
    return False


def load(path: str) -> Snapshot:
    """The snapshot of a listing in a file.

    :raises SourceError: the file cannot be read, or holds no line of such a listing.
    """
    snapshot = empty_snapshot("sysctl_a", path)
    fill_in(snapshot, read_text(path), path)
    return snapshot


def fill_in(snapshot: Snapshot, text: str, path: str) -> None:
    """Put into the snapshot what a listing shows.

    :param path: for messages.
    :raises SourceError: the text holds no line of such a listing.
    """
    text = "\n" + text
    values = dict(_NET.findall(text))
    values.update(_OTHER.findall(text))
    host = snapshot["host"]
    host["kernel_release"] = values.pop("kernel.osrelease", "").strip()[:_NAME_LIMIT] or None
    host["hostname"] = values.pop("kernel.hostname", "").strip()[:_NAME_LIMIT] or None
    errors = _error_lines(text)
    if not values and not errors and not _ANY_KEY.search(text):
        raise SourceError(f"{path}: has no line of the form 'key = value'. Give the output of sysctl -a.")
    sysctl: Listing = {key: present(key, raw, "listing") for key, raw in values.items() if key in SYSCTL_KEYS}
    for key, one in errors.items():
        if key in SYSCTL_KEYS and key not in sysctl:
            sysctl[key] = one
    seen = values.keys() | {key for key, one in errors.items() if one["state"] == "unreadable"}
    tcp, ip = seen >= _TCP_ALWAYS, seen >= _IP_ALWAYS
    whole = tcp and ip and all(any(start in text for start in starts) for starts in _ALL_OF_NET)
    for key in SYSCTL_KEYS:
        if key not in sysctl and (_is_complete(key, tcp, ip) or (whole and key.startswith("net."))):
            sysctl[key] = {"state": "absent"}
    if any(key in seen for key in _INIT_ONLY):
        host["network_namespace"] = "initial"
    elif whole:
        host["network_namespace"] = "own"
    snapshot["sysctl"] = sysctl
    if tcp and ip:
        names = sorted(key[9:] for key in seen if key.startswith(("net.ipv4.tcp_", "net.ipv4.ip_local_")))
        snapshot["ipv4_keys"] = names[:_MAX_NAMES]
    if not whole:
        snapshot["not_seen"].append(f"{path} is only a part of the output of sysctl -a: keys missing from it count as unknown.")


def _is_complete(key: str, tcp: bool, ip: bool) -> bool:
    return (tcp and key.startswith("net.ipv4.tcp_")) or (ip and key.startswith("net.ipv4.ip_"))


def _error_lines(text: str) -> Listing:
    """What the error lines between the values say of keys."""
    errors: Listing = {}
    for line in _ERROR.findall(text):
        found = _ERROR_KEY.search(line)
        if not found:
            continue
        key = found.group(1).strip("/:").replace("/", ".")
        lowered = line.lower()
        if "no such file" in lowered:
            errors[key] = {"state": "absent"}
        elif is_secret(key):
            continue
        else:
            errors[key] = {"state": "unreadable", "reason": "EACCES" if "denied" in lowered else "EIO"}
    return errors
