# Copyright (c) 2026 The linux_tcp.hardening authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The hosts of the molecule scenario that runs, as its tests see them: by testinfra, not by what Ansible said."""

from __future__ import annotations

import functools
import json
import os
import shlex
import typing as t
from pathlib import Path

import testinfra
from support.own_host import STATE

PROFILE_FILE = "/etc/sysctl.d/99-tcp-hardening.conf"


class Host:
    """One container. infra: testinfra's view of it."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.infra = testinfra.get_host(f"podman://{os.environ['CONTAINER_PREFIX']}{name}")

    def live(self, *keys: str) -> list[str]:
        """What the kernel says, one text for each key, with single spaces."""
        output = self.infra.check_output(f"sysctl -n {shlex.join(keys)}")
        return [" ".join(line.split()) for line in str(output).splitlines()]

    @functools.lru_cache(maxsize=1000)  # noqa: B019 - hosts live as long as the test run
    def has(self, key: str) -> bool:
        return self.exists(f"/proc/sys/{key.replace('.', '/')}")

    def read(self, path: str) -> str:
        return str(self.infra.check_output(f"cat {shlex.quote(path)}"))

    def exists(self, path: str) -> bool:
        return bool(self.infra.file(path).exists)

    def boot_values(self, path: str = PROFILE_FILE) -> dict[str, str]:
        """What a boot file sets, read without any of the collection's own code."""
        lines = [line.partition("=") for line in self.read(path).splitlines() if line.strip() and line[0] not in "#;"]
        return {key.strip(): " ".join(value.split()) for key, _equals, value in lines}

    def state(self) -> dict[str, object]:
        """Every key of TCP and every boot file below /etc, with its mode. When a file was written does not count."""
        read: dict[str, object] = json.loads(self.infra.check_output(f"python3 -c {shlex.quote(STATE)}"))
        return {path: what[:2] if isinstance(what, list) else what for path, what in read.items()}

    def remember(self) -> None:
        """Keep the state for a later step of the scenario."""
        self._memory().write_text(json.dumps(self.state()), encoding="utf-8")

    def remembered(self) -> dict[str, object]:
        read: dict[str, object] = json.loads(self._memory().read_text(encoding="utf-8"))
        return read

    def result(self) -> dict[str, t.Any]:
        """What the role said on this host when it ran for the first time, as role.yml kept it."""
        results: dict[str, dict[str, t.Any]] = json.loads(ephemeral("results.json").read_text(encoding="utf-8"))
        return results[self.name]

    def _memory(self) -> Path:
        return ephemeral(f"{self.name}.state.json")


@functools.lru_cache(maxsize=None)
def host(name: str) -> Host:
    return Host(name)


def ephemeral(name: str) -> Path:
    """A file of this run of the scenario, gone after it."""
    return Path(os.environ["MOLECULE_EPHEMERAL_DIRECTORY"], name)
