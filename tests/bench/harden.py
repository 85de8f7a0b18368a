# Copyright (c) 2026 The linux_tcp.hardening authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A profile of 20 keys as one tcp_profile task against a loop of 20 ansible.posix.sysctl, each in a namespace of its own.

As a script it is the far side, which runs in that namespace: it runs a playbook twice (first apply, then nothing to do) and
prints the seconds of both as JSON, or without a playbook applies the profile in process.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from statistics import median

from bench.table import Row, shown
from bench.task import PING, ROUNDS, WARM_UP, task_seconds

ROOT = Path(__file__).resolve().parent.parent.parent
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

PROFILE: dict[str, object] = {
    "name": "profile",
    "linux_tcp.hardening.tcp_profile": {"name": "bench", "settings": KEYS, "boot_file": BOOT_FILE},
}
LOOP: dict[str, object] = {
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
        ours.append(_playbook_seconds(PROFILE))
        loop.append(_playbook_seconds(LOOP))
    made = []
    for place, name, reach in ((0, "first apply", FIRST_REACH), (1, "nothing to do", AGAIN_REACH)):
        one, other = (median(times[place] for times in measured) for measured in (ours, loop))
        made.append(
            Row(
                f"profile of {len(KEYS)} keys, whole playbook, {name}",
                shown(one),
                f"{shown(other)} (loop of ansible.posix.sysctl)",
                other / one,
                f"{reach:g} times faster or better",
                other >= one * reach,
            )
        )
    return made


def _playbook_seconds(task: dict[str, object]) -> list[float]:
    """Seconds of a playbook of this one task, the first time and once more, in a namespace of its own."""
    with tempfile.TemporaryDirectory(prefix="tcp-bench-") as folder:
        playbook = Path(folder, "bench.yml")
        playbook.write_text(json.dumps([{"hosts": "localhost", "gather_facts": False, "tasks": [task]}]), encoding="utf-8")
        done = subprocess.run([*namespace(), sys.executable, __file__, str(playbook)], capture_output=True, text=True, check=False)
        if done.returncode:
            print(done.stdout[-2000:], done.stderr[-2000:], file=sys.stderr)
            done.check_returncode()
    return [float(seconds) for seconds in json.loads(done.stdout.splitlines()[-1])]


def namespace() -> list[str]:
    """The start of a command that runs in a network and mount namespace of its own, where sysctl files and state folders are empty."""
    hide = " && ".join(f"mount -t tmpfs -o mode=755 tmpfs {folder}" for folder in HIDDEN)
    return ["unshare", "-n", "-m", "sh", "-c", hide + ' && exec "$@"', "sh"]


def _task_row() -> Row:
    """The profile's task with nothing to do against a ping task, by turns in one play."""
    times = task_seconds([PROFILE, *[PING, PROFILE] * (WARM_UP + ROUNDS)], namespace())
    ping, profile = (median(times[first + 1 + 2 * WARM_UP :: 2]) for first in (0, 1))
    return Row(
        f"profile of {len(KEYS)} keys, nothing to do, task alone",
        shown(profile),
        f"{shown(ping)} (ping)",
        profile / ping,
        f"at most {TASK_REACH}",
        profile <= ping * TASK_REACH,
    )


def _in_process_row() -> Row:
    """A first apply of all keys without its process: plan, journal, write and read back, on a memory file system."""
    done = subprocess.run([*namespace(), sys.executable, __file__], capture_output=True, text=True, check=True)
    seconds = float(done.stdout)
    return Row(
        f"profile of {len(KEYS)} keys, in process",
        shown(seconds),
        "the clock",
        None,
        f"under {IN_PROCESS_REACH * 1e3:g} ms",
        seconds < IN_PROCESS_REACH,
    )


def apply_in_process() -> float:
    """Median seconds of a first apply, each taken back again."""
    from ansible_collections.linux_tcp.hardening.plugins.module_utils._profile._disk import Disk
    from ansible_collections.linux_tcp.hardening.plugins.module_utils._profile._options import read_options
    from ansible_collections.linux_tcp.hardening.plugins.module_utils._profile._transaction import run

    given = {"name": "bench", "settings": KEYS, "scope": "runtime", "on_conflict": "report", "reserve_listening_ports": False}
    given.update(confirm_seconds=0, boot_file=BOOT_FILE, claims=[])
    present, absent = (read_options({**given, "state": state}) for state in ("present", "absent"))
    times = []
    for _round in range(ROUNDS):
        start = time.perf_counter()
        applied = run(present, Disk(), False)
        times.append(time.perf_counter() - start)
        if [one["status"] for one in applied["settings"]] != ["changed"] * len(KEYS):
            raise AssertionError(f"not every key was changed: {applied['settings']}")
        run(absent, Disk(), False)
    return median(times)


def far_side(playbook: str) -> None:
    """Run the playbook twice and print the seconds of both."""
    environment = {**os.environ, "ANSIBLE_CONFIG": str(ROOT / "ansible.cfg")}
    command = [sys.executable, "-m", "ansible", "playbook", "--inventory", os.devnull, playbook]
    seconds = []
    for _run in range(2):
        start = time.perf_counter()
        subprocess.run(command, env=environment, check=True, stdout=sys.stderr)
        seconds.append(time.perf_counter() - start)
    print(json.dumps(seconds))


if __name__ == "__main__":
    if len(sys.argv) > 1:
        far_side(sys.argv[1])
    else:
        print(apply_in_process())
