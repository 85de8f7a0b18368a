# Copyright (c) 2026 The linux_tcp.hardening authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Runs a module's real main() in this process, as Ansible would with the given options."""

from __future__ import annotations

import json
from contextlib import contextmanager
from typing import Any, Callable, Iterator
from unittest import mock

import pytest
from ansible.module_utils import basic

Run = Callable[..., dict[str, Any]]


@pytest.fixture
def run_module(capfd: pytest.CaptureFixture[str]) -> Run:
    """Calls main() with options, and returns what the module printed."""

    def run(main: Callable[[], None], **options: object) -> dict[str, Any]:
        # What ansible.module_utils.testing does from ansible-core 2.19 on; this works with older ones too.
        with _given(options), pytest.raises(SystemExit) as stopped:
            main()
        result: dict[str, Any] = json.loads(capfd.readouterr().out)
        assert bool(stopped.value.code) == bool(result.get("failed"))
        return result

    return run


@contextmanager
def _given(options: dict[str, object]) -> Iterator[None]:
    arguments = json.dumps({"ANSIBLE_MODULE_ARGS": options}).encode()
    with mock.patch.object(basic, "_ANSIBLE_ARGS", arguments), mock.patch.object(basic, "_ANSIBLE_PROFILE", "legacy", create=True):
        yield
