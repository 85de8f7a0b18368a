# Copyright (c) 2026 The linux_tcp.hardening authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Takes docs/report.png, the picture in the README: faults planted in namespaces, audited, and the page in Chromium.

Needs root, unshare(1) and Debian's package chromium.
"""

from __future__ import annotations

import datetime
import json
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT / "playbooks" / "collections"), str(ROOT / "tests")]

from ansible_collections.linux_tcp.hardening.plugins.plugin_utils._audit import AuditOptions, audit  # noqa: E402
from ansible_collections.linux_tcp.hardening.plugins.plugin_utils._reports import build, write  # noqa: E402
from support.chromium import FLAGS, PROGRAM  # noqa: E402

PICTURE = ROOT / "docs" / "report.png"
# host: profile and planted fault
FLEET = {
    "backend1.example": ("backend", "clean"),
    "backend2.example": ("backend", "boot-refused-value"),
    "client1.example": ("client_host", "ports-pressure"),
    "client2.example": ("client_host", "reuse-without-timestamps"),
    "lb1.example": ("fullnat_lb", "conntrack-forgets-early"),
}
# The height ends with the first host.
WIDTH, HEIGHT = 1280, 2760


def observed(fault: str) -> dict[str, Any]:
    command = ["unshare", "-n", "-m", "-p", "--fork", "--mount-proc", sys.executable, str(ROOT / "tests" / "support" / "planted.py"), fault]
    snapshot: dict[str, Any] = json.loads(subprocess.run(command, capture_output=True, text=True, check=True, timeout=60).stdout)
    # What a builder of kernels adds to the version says nothing to a reader.
    snapshot["host"]["kernel_release"] = snapshot["host"]["kernel_release"].partition("-")[0]
    return snapshot


def main() -> None:
    today = datetime.date.today()
    audits: list[object] = [
        audit(observed(fault), host, AuditOptions(profile=profile, today=today))  # type: ignore[arg-type]
        for host, (profile, fault) in FLEET.items()
    ]
    audits.append({"host": "backend3.example", "unreachable": True, "msg": "Failed to connect to the host via ssh: Connection timed out"})
    with tempfile.TemporaryDirectory(prefix="tcp-picture-") as folder:
        write(build(audits, "TCP audit"), folder, ["html"], "report")
        page = Path(folder, "report.html")
        flags = [*FLAGS, f"--user-data-dir={folder}/profile", f"--window-size={WIDTH},{HEIGHT}", f"--screenshot={PICTURE}"]
        subprocess.run([PROGRAM or "chromium", *flags, page.as_uri()], capture_output=True, check=True, timeout=120)
    print(f"wrote {PICTURE.relative_to(ROOT)}, {PICTURE.stat().st_size // 1024} KiB")


if __name__ == "__main__":
    main()
