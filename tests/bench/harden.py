# Copyright (c) 2026 The linux_tcp.hardening authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A profile of 20 keys as one tcp_profile task against a loop of 20 ansible.posix.sysctl, each in a namespace of its own."""

from __future__ import annotations

import time
from statistics import median

from ansible_collections.linux_tcp.hardening.plugins.module_utils._profile._disk import Disk
from ansible_collections.linux_tcp.hardening.plugins.module_utils._profile._options import read_options
from ansible_collections.linux_tcp.hardening.plugins.module_utils._profile._transaction import run as run_transaction
from bench.playbook import Task, playbook_seconds
from bench.process import call, namespace, only_in_own_namespace
from bench.table import Row, shown, times_faster, times_slower
from bench.task import ROUNDS, beside_ping

PLAYBOOK_ROUNDS = 5
FIRST_REACH, AGAIN_REACH = 8.0, 6.0
TASK_REACH = 1.25
IN_PROCESS_REACH = 0.005
BOOT_FILE = "/etc/sysctl.d/99-tcp-hardening.conf"
HIDDEN = ("/etc/sysctl.d", "/var/lib")

# All of them exist in a network namespace, and none has this value there to begin with.
KEYS = {
    "net.ipv4.tcp_timestamps": "2",
    "net.ipv4.tcp_tw_reuse": "1",
    "net.ipv4.ip_local_port_range": "16384 65535",
    "net.ipv4.ip_local_reserved_ports": "20000-20010",
    "net.ipv4.tcp_max_tw_buckets": "300000",
    "net.ipv4.tcp_fin_timeout": "30",
    "net.ipv4.tcp_keepalive_time": "600",
    "net.ipv4.tcp_keepalive_intvl": "30",
    "net.ipv4.tcp_keepalive_probes": "5",
    "net.ipv4.tcp_syn_retries": "4",
    "net.ipv4.tcp_synack_retries": "4",
    "net.ipv4.tcp_max_syn_backlog": "8192",
    "net.ipv4.tcp_slow_start_after_idle": "0",
    "net.ipv4.tcp_retries2": "8",
    "net.ipv4.tcp_orphan_retries": "3",
    "net.ipv4.tcp_mtu_probing": "1",
    "net.ipv4.tcp_syncookies": "2",
    "net.ipv4.tcp_no_metrics_save": "1",
    "net.ipv4.tcp_abort_on_overflow": "1",
    "net.core.somaxconn": "8192",
}

PROFILE: Task = {
    "name": "profile",
    "linux_tcp.hardening.tcp_profile": {"name": "bench", "settings": KEYS, "boot_file": BOOT_FILE},
}
LOOP: Task = {
    "name": "loop",
    "ansible.posix.sysctl": {"name": "{{ item.key }}", "value": "{{ item.value }}", "sysctl_file": BOOT_FILE, "sysctl_set": True},
    "loop": [{"key": key, "value": value} for key, value in KEYS.items()],
}


def rows() -> list[Row]:
    """The measured rows. Raises CalledProcessError where a playbook fails."""
    return [*_playbook_rows(), _task_row(), _in_process_row()]


def _playbook_rows() -> list[Row]:
    ours, loop = [], []
    for _round in range(PLAYBOOK_ROUNDS):
        ours.append(call(twice, PROFILE, prefix=namespace(*HIDDEN)))
        loop.append(call(twice, LOOP, prefix=namespace(*HIDDEN)))
    made = []
    for place, name, reach in ((0, "first apply", FIRST_REACH), (1, "nothing to do", AGAIN_REACH)):
        one, other = (median(times[place] for times in measured) for measured in (ours, loop))
        made.append(times_faster(f"profile of {len(KEYS)} keys, whole playbook, {name}", one, other, "loop of ansible.posix.sysctl", reach))
    return made


def twice(task: Task) -> list[float]:
    """Seconds of a playbook of this one task, the first time and once more."""
    only_in_own_namespace()
    return playbook_seconds([task], 2)


def _task_row() -> Row:
    """The profile's task with nothing to do against a ping task, by turns in one play."""
    profile, ping = beside_ping(PROFILE, namespace(*HIDDEN), first=[PROFILE])
    return times_slower(f"profile of {len(KEYS)} keys, nothing to do, task alone", profile, ping, "ping", TASK_REACH)


def _in_process_row() -> Row:
    """A first apply of all keys without its process: plan, journal, write and read back, on a memory file system."""
    seconds = call(apply_in_process, prefix=namespace(*HIDDEN))
    return Row(
        f"profile of {len(KEYS)} keys, in process",
        shown(seconds),
        "the clock",
        None,
        f"under {IN_PROCESS_REACH * 1e3:g} ms",
        seconds < IN_PROCESS_REACH,
    )


def apply_in_process() -> float:
    """Median seconds of a first apply, each undone again."""
    only_in_own_namespace()
    given = {"name": "bench", "settings": KEYS, "scope": "runtime", "on_conflict": "report", "reserve_listening_ports": False}
    given.update(confirm_seconds=0, boot_file=BOOT_FILE, claims=[])
    present, absent = (read_options({**given, "state": state}) for state in ("present", "absent"))
    times = []
    for _round in range(ROUNDS):
        start = time.perf_counter()
        applied = run_transaction(present, Disk(), False)
        times.append(time.perf_counter() - start)
        if [one["status"] for one in applied["settings"]] != ["changed"] * len(KEYS):
            raise AssertionError(f"not every key was changed: {applied['settings']}")
        run_transaction(absent, Disk(), False)
    return median(times)
