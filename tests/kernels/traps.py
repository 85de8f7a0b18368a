# Copyright (c) 2026 The linux_tcp.hardening authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Boot files with traps: what the collection says that they leave, against what the release's own programs leave at a boot."""

from __future__ import annotations

import base64
import json
import typing as t

from ansible_collections.linux_tcp.hardening.plugins.module_utils._sysctl._keys import SYSCTL_KEYS
from ansible_collections.linux_tcp.hardening.plugins.plugin_utils._rules import View
from kernels.result import Check
from kernels.roles import severe
from kernels.state import State, state_of

if t.TYPE_CHECKING:
    from kernels.guest import Guest
    from kernels.runs import Ansible

# Path, text, what the trap is. A text of None: a link to /dev/null.
TRAPS: tuple[tuple[str, str | None, str], ...] = (
    ("/etc/sysctl.d/10-comment.conf", "net.ipv4.tcp_fin_timeout = 7 # seconds\n", "a comment after a number"),
    ("/etc/sysctl.conf", "net.ipv4.tcp_keepalive_time = 3000\n", "/etc/sysctl.conf, which not every reader reads"),
    ("/usr/lib/sysctl.d/50-same.conf", "net.ipv4.tcp_retries2 = 9\n", "a file of the same name in /etc takes its place"),
    ("/etc/sysctl.d/50-same.conf", "net.ipv4.tcp_keepalive_probes = 5\n", "the same"),
    ("/usr/lib/sysctl.d/60-masked.conf", "net.ipv4.tcp_sack = 0\n", "a file that a link to /dev/null masks"),
    ("/etc/sysctl.d/60-masked.conf", None, "the same"),
    ("/etc/sysctl.d/20-glob.conf", "net.ipv4.tcp_synack_retrie* = 4\n", "a pattern"),
    ("/etc/sysctl.d/21-refused.conf", "net.ipv4.tcp_syn_retries = 5\nnet.ipv4.tcp_syn_retries = 200\n", "the last value is refused"),
    ("/etc/sysctl.d/22-byte.conf", "net.ipv4.tcp_retries1 = 256\n", "more than a byte holds"),
    ("/etc/sysctl.d/23-half.conf", "net.ipv4.ip_local_port_range = 20000\n", "one number for a range"),
    ("/etc/sysctl.d/24-slash.conf", "net/ipv4/tcp_orphan_retries = 3\n", "slashes"),
    ("/etc/sysctl.d/25-absent.conf", "-net.ipv4.tcp_tw_reuse_delay = 500\nnet.ipv4.tcp_tw_recycle = 0\n", "keys that not every kernel has"),
    ("/etc/sysctl.d/26-blank.conf", "net.ipv4.ip_local_reserved_ports = 8080, 9000\n", "a blank in a list of ports"),
    ("/etc/sysctl.d/27-quotes.conf", 'net.ipv4.tcp_slow_start_after_idle = "0"\n', "quotes"),
    ("/etc/sysctl.d/28-crlf.conf", "net.ipv4.tcp_abort_on_overflow = 1\r\n", "the line ends of Windows"),
    ("/etc/sysctl.d/29-name", "net.ipv4.tcp_keepalive_intvl = 30\n", "a name without .conf"),
    ("/etc/sysctl.d/30-hex.conf", "net.ipv4.tcp_rfc1337 = 0x1\n", "a number with 0x"),
    ("/etc/sysctl.d/31-words.conf", "net.ipv4.tcp_window_scaling = 0 1\n", "two numbers for one"),
    ("/etc/sysctl.d/32-late.conf", "net.ipv4.tcp_mtu_probing = 1\n", "a later file has another value"),
    ("/etc/sysctl.d/99-late.conf", "net.ipv4.tcp_mtu_probing = 2\n", "the same"),
    ("/etc/sysctl.d/33-negative.conf", "net.ipv4.tcp_max_tw_buckets = -1\n", "a negative limit"),
    ("/etc/sysctl.d/34-conntrack.conf", "net.netfilter.nf_conntrack_tcp_timeout_time_wait = 30\n", "a key of a module"),
)

_PLANT = """
import base64, json, os
for path, text in json.loads(base64.b64decode({coded!r})):
    os.makedirs(os.path.dirname(path), exist_ok=True)
    if os.path.lexists(path):
        os.unlink(path)
    if text is None:
        os.symlink("/dev/null", path)
    else:
        with open(path, "w", newline="") as file:
            file.write(text)
"""


def check(guest: Guest, ansible: Ansible, clean: State, volatile: set[str]) -> Check:
    """The last check of a guest: the traps stay."""
    coded = base64.b64encode(json.dumps([trap[:2] for trap in TRAPS]).encode()).decode()
    guest.shell(f"python3 - <<'END'\n{_PLANT.format(coded=coded)}\nEND\n")
    view = View(ansible.facts())
    promised = {key: value.raw for key, value in view.boot_end.items()}
    reader = view.boot_files["applied_by"]
    guest.reboot()
    after = state_of(guest)
    audit = ansible.audit("any")
    names = {"reader": reader, "promised": len(promised), "traps": len(TRAPS), "worst": severe(audit)}
    differences, left = compare(promised, clean, after, volatile)
    boot = [result for result in audit["results"] if result["status"] == "fail" and result["id"] == "boot-differs"]
    differences += [f"the audit after the boot: boot-differs: {result['observed']}" for result in boot]
    return Check(not differences, {**names, "left": left}, differences)


def compare(promised: dict[str, str], clean: State, after: State, volatile: set[str]) -> tuple[list[str], dict[str, str]]:
    """What differs from the promise, and what each key that the boot changed holds now. What is not promised must not change."""
    differences, left = [], {}
    for key in SYSCTL_KEYS:
        path = "/proc/sys/" + key.replace(".", "/")
        if path in volatile or path not in after:
            continue
        if after[path] != clean.get(path):
            left[key] = after[path]
        wanted = promised.get(key, clean.get(path))
        if after[path] != wanted:
            differences.append(f"{key}: the collection expects {wanted} after a boot, and the kernel has {after[path]}")
    return differences, left
