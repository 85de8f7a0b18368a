# Copyright (c) 2026 The linux_tcp.hardening authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest
import yaml
from ansible.errors import AnsibleError
from ansible_collections.linux_tcp.hardening.plugins.plugin_utils._core_version import OLDEST, refuse_too_old

ROOT = Path(__file__).resolve().parents[4]
ACTIONS = sorted(path.stem for path in (ROOT / "plugins" / "action").glob("tcp_*.py"))
# Imports an action where ansible-core says that it is an older one.
LOAD = """
import importlib, sys
import ansible.release
ansible.release.__version__ = "2.15.13"
importlib.import_module("ansible_collections.linux_tcp.hardening.plugins.action." + sys.argv[1])
"""


@pytest.mark.parametrize("version", ["2.9.27", "2.15.13", "2.15.0rc1", "1.9"])
def test_an_older_one_is_refused(version: str) -> None:
    with pytest.raises(AnsibleError, match=rf"This is ansible-core {re.escape(version)}.* needs ansible-core 2\.16 or newer"):
        refuse_too_old(version)


@pytest.mark.parametrize("version", ["2.16.0", "2.16.0rc1", "2.19.14", "2.22.0rc1", "2.23.0.dev0", "3.0.0"])
def test_the_oldest_and_newer_ones_are_taken(version: str) -> None:
    refuse_too_old(version)


def test_it_is_what_the_collection_says() -> None:
    required = yaml.safe_load((ROOT / "meta" / "runtime.yml").read_text(encoding="utf-8"))["requires_ansible"]
    assert required == ">={}.{}.0".format(*OLDEST)


@pytest.mark.parametrize("action", ACTIONS)
def test_every_action_refuses_when_it_is_loaded(action: str) -> None:
    path = str(ROOT / "playbooks" / "collections")
    loaded = subprocess.run(
        [sys.executable, "-c", f"import sys; sys.path.insert(0, {path!r})\n{LOAD}", action], capture_output=True, text=True, check=False
    )
    assert loaded.returncode == 1
    assert "AnsibleError: This is ansible-core 2.15.13, which is too old" in loaded.stderr
