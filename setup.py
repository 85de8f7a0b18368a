# Copyright (c) 2026 The linux_tcp.hardening authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Makes the package tcp-sysctl-lint out of the collection: pre-commit and pip install it. See pyproject.toml."""

from __future__ import annotations

import re
from pathlib import Path

from setuptools import find_namespace_packages, setup

PACKAGE = "tcp_sysctl_lint"
ROOT = Path(__file__).parent

version = re.search(r"^version: (.+)$", (ROOT / "galaxy.yml").read_text(encoding="utf-8"), re.MULTILINE)
setup(
    version=version[1] if version else "0",
    # The same files as in the collection, under another name: they import one another relatively.
    package_dir={PACKAGE: "plugins"},
    packages=[PACKAGE, *(f"{PACKAGE}.{name}" for name in find_namespace_packages("plugins", include=["module_utils*", "plugin_utils*"]))],
)
