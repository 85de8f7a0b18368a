# Copyright (c) 2026 The linux_tcp.hardening authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The container engine of the tests: podman with settings of the project's own, and nothing of the machine changed for it."""

from __future__ import annotations

import fcntl
import hashlib
import os
import resource
import shutil
import subprocess
import time
import typing as t
from contextlib import contextmanager
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
CACHE = ROOT / ".cache" / "containers"
RECIPE = Path(__file__).with_name("image.sh")
PACKAGES = ("podman", "runc", "netavark")
IMAGE_NAME = "localhost/linux-tcp-hardening"
# Says which checkout a container belongs to, so that nobody removes another one's.
LABEL = f"linux_tcp.checkout={ROOT}"

# By hosts without a network nothing on the machine changes: a bridge would write its sysctls and nftables rules.
# crun refuses machines with hybrid cgroups, and podman's own limits need CAP_SYS_RESOURCE.
SETTINGS = """\
[containers]
default_ulimits = ["nofile={nofile}:{nofile}", "nproc={nproc}:{nproc}"]
netns = "none"
log_driver = "k8s-file"

[engine]
runtime = "runc"
cgroup_manager = "cgroupfs"
events_logger = "file"
"""

# systemd raises fs.file-max when it boots, and that key is the whole machine's.
_SYSTEMD = ("--systemd=always", "--security-opt=mask=/proc/sys/fs")
# So are the keys of memory, which profiles of TuneD set.
_OWN_KEYS = ("--security-opt=mask=/proc/sys/fs:/proc/sys/vm", "--cap-add=NET_ADMIN", "--security-opt=unmask=/proc/sys")
# How a host may be run, as people do: with all rights, with its own network settings alone, or with none of them.
MODES: dict[str, tuple[str, ...]] = {
    "privileged": (*_SYSTEMD, "--privileged"),
    "net_admin": (*_SYSTEMD, "--cap-add=NET_ADMIN", "--security-opt=unmask=/proc/sys"),
    "unprivileged": ("--systemd=always",),
    "boot_writers": ("--systemd=always", *_OWN_KEYS),
    "openrc": ("--systemd=false", "--tmpfs=/run", "--stop-signal=SIGKILL", *_OWN_KEYS),
}
# Hosts of an image with one layer more, and what boots them.
_LAYERED = {"boot_writers": ["/lib/systemd/systemd"], "openrc": ["/bin/busybox", "init"]}
LAYER = Path(__file__).with_name("boot_writers.containerfile")


class Problem(Exception):
    """No containers here; the message says why, in one line."""


def prepare() -> str:
    """Install the engine where that is allowed, write its settings, build the image unless it is there, and name it.

    CONTAINER_IMAGE names an image to take instead. Sets CONTAINERS_CONF for this process and those it starts. Raises Problem.
    """
    if subprocess.run([str(ROOT / "scripts" / "need"), *PACKAGES], check=False).returncode:
        raise Problem("containers cannot run here: packages are missing, see above")
    configure()
    image = os.environ.get("CONTAINER_IMAGE", "")
    if image:
        return image
    image = f"{IMAGE_NAME}:{_recipe_hash()}"
    with _alone("image"):
        if not is_there(image):
            _build(image)
    return image


def configure() -> None:
    """Write the engine's settings and point CONTAINERS_CONF at them."""
    CACHE.mkdir(parents=True, exist_ok=True)
    limits = {
        "nofile": _at_most(65536, resource.RLIMIT_NOFILE),
        "nproc": _at_most(10000, resource.RLIMIT_NPROC),
    }
    path = CACHE / "containers.conf"
    new = CACHE / f"containers.conf.{os.getpid()}"
    new.write_text(SETTINGS.format(**limits), encoding="utf-8")
    new.replace(path)
    os.environ["CONTAINERS_CONF"] = str(path)


def with_layer(image: str) -> str:
    """The image with the programs of LAYER, built unless it is there. Raises Problem."""
    layered = f"{IMAGE_NAME}-boot:{hashlib.sha256(image.encode() + LAYER.read_bytes()).hexdigest()[:12]}"
    with _alone("layer"):
        if not is_there(layered):
            # Nothing of it runs but apt, so it needs no network of its own, which would change the machine's sysctls.
            podman(
                "build",
                "--network=host",
                "--isolation=chroot",
                f"--build-arg=BASE={image}",
                f"--tag={layered}",
                f"--file={LAYER}",
                "--quiet",
            )
    return layered


def podman(*arguments: str, check: bool = True) -> subprocess.CompletedProcess[str]:
    """Run podman. Raises Problem with what it said when it fails."""
    try:
        done = subprocess.run(["podman", *arguments], capture_output=True, text=True, errors="replace", check=False)
    except OSError as error:
        raise Problem(f"podman does not start: {error}") from error
    if check and done.returncode:
        raise Problem(f"podman {' '.join(arguments[:3])}: {done.stderr.strip()[-500:] or done.stdout.strip()[-500:]}")
    return done


def is_there(image: str) -> bool:
    return not podman("image", "exists", image, check=False).returncode


def start(image: str, name: str, mode: str = "net_admin", *options: str) -> None:
    """Boot a host and wait until it runs. Raises Problem when it does not."""
    command = _LAYERED.get(mode, [])
    image = with_layer(image) if command else image
    podman("run", "--detach", f"--name={name}", f"--hostname={name}", f"--label={LABEL}", *MODES[mode], *options, image, *command)
    wait_until_booted(name)


def restart(name: str) -> None:
    """Boot a host again: it gets a network namespace of its own anew, and its init applies the boot files to it. Raises Problem."""
    # Where systemd does not end in time, podman kills it, and may then fail because it has just ended.
    podman("stop", "--time=10", name, check=False)
    podman("start", name)
    wait_until_booted(name)


def wait_until_booted(name: str) -> None:
    # Waiting for systemd needs the bus, which is there some time after systemd itself.
    wait = (
        "if [ $(cat /proc/1/comm) = systemd ]; then"
        " until systemctl is-system-running --wait 2>/dev/null | grep -x -e running -e degraded -e maintenance; do sleep 0.05; done;"
        " else until [ -e /run/openrc/softlevel ] && grep -q default /run/openrc/softlevel && [ ! -e /run/openrc/rc.starting ];"
        " do sleep 0.05; done; echo running; fi"
    )
    state = podman("exec", name, "timeout", "60", "sh", "-c", wait, check=False)
    if state.stdout.strip() != "running":
        raise Problem(f"{name} did not boot: {state.stdout.strip() or 'no answer within 60 s'}")


def own_names() -> list[str]:
    """The names of this checkout's containers; none where there is no podman."""
    if not shutil.which("podman"):
        return []
    return podman("ps", "--all", f"--filter=label={LABEL}", "--format={{.Names}}").stdout.split()


def remove(prefix: str) -> None:
    """Remove this checkout's containers whose names begin with prefix, and no others."""
    for last_try in (False, False, True):
        own = [name for name in own_names() if name.startswith(prefix)]
        if not own or not podman("rm", "--force", "--ignore", "--time=0", *own, check=last_try).returncode:
            return
        # A podman that was stopped in the middle of its work on one of them may have left it to another for a moment.
        time.sleep(0.5)


def _build(image: str) -> None:
    if subprocess.run([str(ROOT / "scripts" / "need"), "mmdebstrap"], check=False).returncode:
        raise Problem(f"the image {image} cannot be built: packages are missing, see above; or name one: CONTAINER_IMAGE=…")
    print(f"Building the image {image} …", flush=True)
    begin = time.monotonic()
    change = ("--change", 'CMD=["/lib/systemd/systemd"]', "--change", "STOPSIGNAL=SIGRTMIN+3")
    archive = CACHE / f"image.{os.getpid()}.tar"
    try:
        with archive.open("wb") as output:
            built = subprocess.run([str(RECIPE)], stdout=output, check=False)
        if built.returncode:
            raise Problem(f"{RECIPE.name} failed, see above")
        podman("import", "--quiet", *change, str(archive), image)
    finally:
        archive.unlink(missing_ok=True)
    print(f"Built in {time.monotonic() - begin:.0f} s.", flush=True)


def _recipe_hash() -> str:
    return hashlib.sha256(RECIPE.read_bytes()).hexdigest()[:12]


def _at_most(wish: int, limit: int) -> int:
    hard = resource.getrlimit(limit)[1]
    return wish if hard == resource.RLIM_INFINITY else min(wish, hard)


@contextmanager
def _alone(what: str) -> t.Iterator[None]:
    """Two runs in one checkout do not do this at the same time."""
    with (CACHE / f"{what}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield
