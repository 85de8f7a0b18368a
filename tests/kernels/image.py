# Copyright (c) 2026 The linux_tcp.hardening authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The disks of the guests: built by image.sh once, and kept by the hash of all that went into them."""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import tempfile
import typing as t
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
_HOME = os.environ.get("XDG_CACHE_HOME")
CACHE = Path(_HOME, "linux-tcp-hardening") / "kernels" if _HOME else ROOT / ".cache" / "kernels"
RECIPE = Path(__file__).with_name("image.sh")
PACKAGES = ("qemu-system-x86", "mmdebstrap", "e2fsprogs", "openssh-client")
DISK_SIZE = "1200M"


class Problem(Exception):
    """A guest cannot be had; the message says why, in one line."""


class Release(t.NamedTuple):
    """name: of the guest. release: Debian's. suite: where its kernel comes from. init: systemd or sysvinit."""

    name: str
    release: str
    suite: str
    init: str


GUESTS = (
    Release("bullseye", "bullseye", "bullseye", "sysvinit"),
    Release("bookworm", "bookworm", "bookworm", "systemd"),
    Release("trixie", "trixie", "trixie", "systemd"),
    Release("backports", "trixie", "trixie-backports", "systemd"),
)


class Image(t.NamedTuple):
    """What a guest boots from."""

    kernel: Path
    initrd: Path
    disk: Path


def need_programs() -> None:
    """Install what is missing where that is allowed. Raises Problem."""
    if os.geteuid():
        raise Problem("the guests' disks can only be made by root")
    if subprocess.run([str(ROOT / "scripts" / "need"), *PACKAGES], check=False).returncode:
        raise Problem("guests cannot run here: packages are missing, see above")


def private_key() -> Path:
    """The key for logging in to guests, made once."""
    path = CACHE / "key"
    if not path.exists():
        CACHE.mkdir(parents=True, exist_ok=True)
        subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", "guests", "-f", str(path)], check=True)
    return path


def mirror() -> str:
    """Debian's mirror, as this machine's apt knows it. Raises Problem."""
    given = os.environ.get("CONTAINER_MIRROR", "")
    if given:
        return given
    form = "$(SITE) $(ORIGIN) $(RELEASE) $(COMPONENT)"
    done = subprocess.run(["apt-get", "indextargets", "--format", form], capture_output=True, text=True, check=False)
    rows = [line.split() for line in done.stdout.splitlines()]
    found = [row[0] for row in rows if len(row) == 4 and row[1] == "Debian" and row[3] == "main" and "-" not in row[2]]
    if not found:
        raise Problem("apt knows no mirror of Debian: name one with CONTAINER_MIRROR")
    return found[0]


def image(guest: Release) -> Image:
    """The image of a guest, built unless it is there. Raises Problem."""
    public = private_key().with_suffix(".pub").read_text(encoding="ascii").strip()
    parts = (*guest[1:], public, DISK_SIZE, RECIPE.read_text(encoding="utf-8"))
    folder = CACHE / f"{guest.name}-{hashlib.sha256(chr(0).join(parts).encode()).hexdigest()[:12]}"
    found = Image(folder / "vmlinuz", folder / "initrd", folder / "disk")
    if not folder.is_dir():
        with tempfile.TemporaryDirectory(dir=CACHE, prefix="building-") as made:
            _build(guest, public, Path(made))
            os.rename(Path(made, "image"), folder)
    return found


def _build(guest: Release, public: str, made: Path) -> None:
    root, new = made / "root", made / "image"
    environment = {**os.environ, "MIRROR": mirror(), "PUBLIC_KEY": public}
    command = [str(RECIPE), guest.release, guest.init, guest.suite, str(root)]
    built = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    if built.returncode:
        raise Problem(f"the image of {guest.name} was not built: {' '.join(built.stderr.split())[-300:]}")
    new.mkdir()
    for start, name in (("vmlinuz-", "vmlinuz"), ("initrd.img-", "initrd")):
        (source,) = root.joinpath("boot").glob(f"{start}*")
        shutil.copyfile(source, new / name)
    subprocess.run(
        ["mke2fs", "-q", "-t", "ext4", "-d", str(root), str(new / "disk"), DISK_SIZE],
        env={**os.environ, "PATH": os.environ.get("PATH", "") + ":/usr/sbin:/sbin"},
        check=True,
    )
