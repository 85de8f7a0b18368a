# Copyright (c) 2026 The linux_tcp.hardening authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""After the profile, and again after a restart: the settings take effect, boot would set the same, and the audit has nothing to say."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from containers.hosts import PROFILE_FILE, host
from containers.profiles import RESERVED, profile
from support.playbook_runs import run_playbook

FLEET = [("client", "client_host"), ("balancer", "fullnat_lb"), ("server", "backend")]


@pytest.mark.parametrize(("name", "role"), FLEET)
def test_every_setting_is_live(name: str, role: str) -> None:
    settings = profile(host(name), role)
    assert host(name).live(*settings) == list(settings.values())


@pytest.mark.parametrize(("name", "role"), FLEET)
def test_the_boot_file_sets_the_same_and_nothing_else(name: str, role: str) -> None:
    booted = host(name).boot_values()
    booted.pop(RESERVED, None)
    assert booted == profile(host(name), role)
    file = host(name).infra.file(PROFILE_FILE)
    assert (file.user, file.group, file.mode) == ("root", "root", 0o644)


def test_the_audit_is_clean(tmp_path: Path) -> None:
    run = run_playbook(tmp_path, inventory=Path(os.environ["MOLECULE_INVENTORY_FILE"]), tcp_fail_on="info")
    assert run.code == 0, run.output
    failed = {name: [result["id"] for result in audit["results"] if result["status"] == "fail"] for name, audit in run.audits().items()}
    assert failed == {"client": [], "balancer": [], "server": []}
