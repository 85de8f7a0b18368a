# Copyright (c) 2026 The linux_tcp.hardening authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Dumps and files of hosts: our own short ones, and beside the repository those of real hosts, which say the same.

A path below FIXTURES has a counterpart of the same name below CORPUS; tests/fixtures/hosts/INDEX.tsv tells what each is taken from.
"""

from __future__ import annotations

from pathlib import Path

import pytest

FIXTURES = Path(__file__).resolve().parents[1] / "fixtures" / "hosts"
CORPUS = FIXTURES.parents[3] / "shared" / "corpus"
HOSTS = [FIXTURES, *([CORPUS] if CORPUS.is_dir() else [])]

each_collection = pytest.mark.parametrize("hosts", HOSTS, ids=["fixtures", "corpus"][: len(HOSTS)])
needs_corpus = pytest.mark.skipif(not CORPUS.is_dir(), reason="the collected dumps of real hosts are not there: ../shared/corpus")


def files_of(hosts: Path) -> list[str]:
    """Every file of a collection, by its path in it."""
    return sorted(str(path.relative_to(hosts)) for path in hosts.rglob("*") if path.is_file())
