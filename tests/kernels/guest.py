# Copyright (c) 2026 The linux_tcp.hardening authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A guest that runs: a machine under qemu without hardware virtualisation, reached by ssh through a port on 127.0.0.1."""

from __future__ import annotations

import shutil
import socket
import subprocess
import time
import typing as t
from pathlib import Path

from kernels.image import Image, Problem, private_key

MEMORY = "512"
# A boot took 17 to 30 s; several guests at a time on a loaded machine take longer.
BOOT_SECONDS = 600.0
LISTENER = 20001
# A loaded machine may fail the timer test, which panics without no_timer_check.
KERNEL_LINE = "root=/dev/vda rw console=ttyS0 no_timer_check quiet net.ifnames=0"
_READY = (
    f"ss -Hltn | grep -q :{LISTENER} || exit 1; [ ! -d /run/systemd/system ] || systemctl is-system-running --wait | grep -x running; "
    "cat /proc/sys/kernel/random/boot_id"
)
# Of a guest nothing is known before, and nothing is to be remembered. The settings of whoever runs this do not count.
_SSH_OPTIONS = ("-F", "none", "-o", "StrictHostKeyChecking=no", "-o", "UserKnownHostsFile=/dev/null", "-o", "IdentitiesOnly=yes")


class Guest:
    """One guest; a context manager that boots it and ends it."""

    def __init__(self, name: str, image: Image, folder: Path) -> None:
        self.name = name
        self.folder = folder
        self.port = _free_port()
        self._image = image
        self._process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Guest:
        disk = self.folder / "disk"
        subprocess.run(["cp", "--sparse=always", "--reflink=auto", str(self._image.disk), str(disk)], check=True)
        try:
            self._process = subprocess.Popen(self._command(disk), stdin=subprocess.DEVNULL, start_new_session=True)
            self._wait("")
        except BaseException:
            self.end()
            raise
        return self

    def __exit__(self, *_why: object) -> None:
        self.end()

    def _command(self, disk: Path) -> list[str]:
        return [
            *("nice", "-n", "5", "qemu-system-x86_64", "-accel", "tcg", "-cpu", "max", "-m", MEMORY, "-smp", "1"),
            *("-nographic", "-no-user-config", "-nodefaults", "-serial", f"file:{self.folder / 'console'}"),
            *("-kernel", str(self._image.kernel), "-initrd", str(self._image.initrd), "-append", KERNEL_LINE),
            *("-drive", f"file={disk},format=raw,if=virtio,cache=unsafe", "-device", "virtio-rng-pci"),
            *("-netdev", f"user,id=net,restrict=on,hostfwd=tcp:127.0.0.1:{self.port}-:22", "-device", "virtio-net-pci,netdev=net"),
        ]

    def end(self) -> None:
        if self._process is None:
            return
        self._process.terminate()
        try:
            self._process.wait(timeout=10)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._process = None

    def ssh_command(self) -> list[str]:
        own = ("-o", "ConnectTimeout=10", "-o", "LogLevel=ERROR", "-i", str(private_key()), "-p", str(self.port))
        return ["ssh", *_SSH_OPTIONS, *own, "root@127.0.0.1"]

    def run(self, script: str) -> subprocess.CompletedProcess[str]:
        """Give a script to the guest's shell."""
        return subprocess.run(
            [*self.ssh_command(), "sh -s"],
            input=script,
            capture_output=True,
            text=True,
            errors="replace",
            check=False,
            timeout=BOOT_SECONDS,
        )

    def shell(self, script: str) -> str:
        """The same for a script that must succeed. Raises Problem."""
        done = self.run(script)
        if done.returncode:
            raise Problem(f"{self.name}: {script.strip().splitlines()[0][:80]}: {done.stderr.strip()[-300:] or done.returncode}")
        return done.stdout

    def boot_id(self) -> str:
        return self.shell("cat /proc/sys/kernel/random/boot_id").strip()

    def reboot(self) -> float:
        """Restart the guest in an orderly way, and return how many seconds that took."""
        before, begin = self.boot_id(), time.monotonic()
        self.run("reboot")
        self._wait(before)
        return time.monotonic() - begin

    def inventory(self) -> dict[str, t.Any]:
        host = {
            "ansible_host": "127.0.0.1",
            "ansible_port": self.port,
            "ansible_user": "root",
            "ansible_ssh_private_key_file": str(private_key()),
            "ansible_ssh_common_args": " ".join(_SSH_OPTIONS),
            "ansible_python_interpreter": "/usr/bin/python3",
        }
        return {"all": {"hosts": {self.name: host}}}

    def _wait(self, last_boot: str) -> None:
        """Until another boot than the last one is complete."""
        end = time.monotonic() + BOOT_SECONDS
        while time.monotonic() < end:
            if self._process is not None and self._process.poll() is not None:
                raise Problem(f"{self.name}: qemu ended with {self._process.returncode}")
            done = self.run(_READY)
            words = done.stdout.split()
            if not done.returncode and words and words[-1] != last_boot:
                return
            time.sleep(0.5)
        console = self.folder.joinpath("console").read_text(encoding="utf-8", errors="replace")
        shutil.copyfile(self.folder / "console", private_key().parent / f"{self.name}.console")
        raise Problem(f"{self.name} did not boot within {BOOT_SECONDS:.0f} s: {' '.join(console.split())[-200:]}")


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port: int = taken.getsockname()[1]
    return port
