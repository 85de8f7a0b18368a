# Copyright (c) 2026 The linux_tcp.hardening authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Plants one fault in a host of its own (network, mount and process namespaces) and prints the snapshot as JSON.

Run it as `unshare -n -m -p --fork --mount-proc python planted.py FAULT`: it changes sysctls, and the files that its mounts hide.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "playbooks/collections"))

from ansible_collections.linux_tcp.hardening.plugins.module_utils._facts._gather import SUBSETS, gather
from ansible_collections.linux_tcp.hardening.plugins.module_utils._tree import HostTree
from support.faults import FAULTS, SYSCTL_CONF, make_server_address

FOLDERS = ("/var/lib", "/etc/sysctl.d", "/usr/lib/sysctl.d", "/usr/local/lib")
CLEAN = "clean"


def isolate() -> None:
    """A loopback interface that is up, an /etc and sysctl folders of its own, and systemd as init by the sign that readers look for."""
    subprocess.run(["ip", "link", "set", "lo", "up"], check=True)
    make_server_address()
    subprocess.run(["mount", "-t", "tmpfs", "tmpfs", "/run"], check=True)
    Path("/run/etc").mkdir()
    Path("/run/work").mkdir()
    layers = "lowerdir=/etc,upperdir=/run/etc,workdir=/run/work"
    subprocess.run(["mount", "-t", "overlay", "overlay", "-o", layers, "/etc"], check=True)
    for folder in FOLDERS:
        subprocess.run(["mount", "-t", "tmpfs", "tmpfs", folder], check=True)
    Path("/run/systemd/system").mkdir(parents=True)
    if SYSCTL_CONF.exists():
        Path("/run/empty").touch()
        subprocess.run(["mount", "--bind", "/run/empty", str(SYSCTL_CONF)], check=True)


def main(fault: str, sample_seconds: float) -> None:
    isolate()
    plant = (lambda: None) if fault == CLEAN else FAULTS[fault]
    if not sample_seconds:
        plant()
        print(json.dumps(gather(HostTree(), SUBSETS)))
        return
    real_sleep = time.sleep

    def plant_and_sleep(seconds: float) -> None:
        # The first to sleep is gather(), between the two samples: the fault happens there, however long it takes.
        time.sleep = real_sleep
        plant()
        real_sleep(seconds)

    time.sleep = plant_and_sleep  # type: ignore[assignment]
    print(json.dumps(gather(HostTree(), SUBSETS, sample_seconds)))


if __name__ == "__main__":
    main(sys.argv[1], float(sys.argv[2]) if len(sys.argv) > 2 else 0)
    sys.stdout.flush()
    # Sockets that are kept, and threads, end with the process.
    os._exit(0)
