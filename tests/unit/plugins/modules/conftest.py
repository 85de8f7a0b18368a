# Copyright (c) 2026 The linux_tcp.hardening authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Runs a module's real main() in this process, as Ansible would with the given options."""

from __future__ import annotations

import json
from contextlib import ExitStack
from typing import Any, Callable
from unittest import mock

import pytest
from ansible.module_utils import basic

try:
    from ansible.module_utils.testing import patch_module_args
except ImportError:  # ansible-core before 2.19
    patch_module_args = None

Run = Callable[..., dict[str, Any]]


@pytest.fixture
def run_module(capfd: pytest.CaptureFixture[str]) -> Run:
    """Calls main() with options, and returns what the module printed."""

    def run(main: Callable[[], None], **options: object) -> dict[str, Any]:
        with ExitStack() as stack:
            if patch_module_args:
                stack.enter_context(patch_module_args(options))
            else:
                arguments = json.dumps({"ANSIBLE_MODULE_ARGS": options}).encode()
                stack.enter_context(mock.patch.object(basic, "_ANSIBLE_ARGS", arguments))
            with pytest.raises(SystemExit) as stopped:
                main()
        result: dict[str, Any] = json.loads(capfd.readouterr().out)
        assert bool(stopped.value.code) == bool(result.get("failed"))
        return result

    return run
