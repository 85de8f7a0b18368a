# Copyright (c) 2026 The linux_tcp.hardening authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""All targets, by name."""

from __future__ import annotations

from fuzz.engine import Target
from fuzz.targets import boots, options, outputs, sources, texts

TARGETS: dict[str, Target] = {
    target.name: target for target in (*sources.TARGETS, *texts.TARGETS, *boots.TARGETS, *options.TARGETS, *outputs.TARGETS)
}
