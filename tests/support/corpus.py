# Copyright (c) 2026 The linux_tcp.hardening authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Where the collected dumps and files of real hosts are: beside the repository, not in it."""

from __future__ import annotations

from pathlib import Path

import pytest

CORPUS = Path(__file__).resolve().parents[2].parent / "shared" / "corpus"

needs_corpus = pytest.mark.skipif(not CORPUS.is_dir(), reason="the collected dumps of real hosts are not there: ../shared/corpus")


def corpus_files() -> list[str]:
    """Every file of the corpus, by its path in it."""
    return sorted(str(path.relative_to(CORPUS)) for path in CORPUS.rglob("*") if path.is_file()) if CORPUS.is_dir() else []
