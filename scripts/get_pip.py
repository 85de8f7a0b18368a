# Copyright (c) 2026 The linux_tcp.hardening authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Stands in for the get-pip script that ansible-test would download, with what Python itself brings.

ansible-test runs it in each fresh virtual environment, with pip's options and packages as arguments.
"""

from __future__ import annotations

import subprocess
import sys

# pip does not know them.
NOT_FOR_PIP = ("--no-setuptools", "--no-wheel")

if __name__ == "__main__":
    # In a process of its own, because ensurepip clears pip's settings from the environment.
    subprocess.run([sys.executable, "-m", "ensurepip"], check=True, stdout=subprocess.DEVNULL)
    arguments = [argument for argument in sys.argv[1:] if argument not in NOT_FOR_PIP]
    subprocess.run([sys.executable, "-m", "pip", "install", *arguments], check=True)
