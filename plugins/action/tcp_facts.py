# Copyright (c) 2026 The linux_tcp.hardening authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""tcp_facts, the controller's half: run the module, and take from the host's answer what the module documents."""

from __future__ import annotations

from ..plugin_utils._module_action import ModuleAction


class ActionModule(ModuleAction):
    """One run of the module, which checks the arguments itself."""
