# Copyright (c) 2026 The linux_tcp.hardening authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE to the collection: not for use outside it, may change at any time.

"""tcp-sysctl-lint: searches files for settings and judges them, as tcp_audit does a repository. It needs PyYAML alone."""

from __future__ import annotations

import argparse
import datetime
import sys
import typing as t

import yaml

from ._audit import FAIL_ON, AuditOptions, audit, reaches
from ._lint_formats import FORMATS
from ._results import ANY_PROFILE, PROFILES
from ._sources import SourceError
from ._sources._repository import load_all
from ._waivers import parse_waivers

if t.TYPE_CHECKING:
    from collections.abc import Sequence

    from ._waivers import Waiver

# As the exit codes of the playbook audit_tcp.yml.
PASSED, FAILED = 0, 2
HOST = "repository"


class _LintError(Exception):
    """Why nothing was judged. The message names it."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs the command with these arguments, by default those of the process, and returns its exit code.

    0: no result reached --fail-on. 2: a result did, or nothing could be judged.
    """
    chosen = _parser().parse_args(arguments)
    try:
        options = AuditOptions(
            profile=chosen.profile, fail_on=chosen.fail_on, waivers=_waivers(chosen.waivers), today=datetime.date.today()
        )
        judged = audit(load_all(chosen.paths or ["."]), HOST, options)
        _write(FORMATS[chosen.format](judged), chosen.output)
    except (_LintError, SourceError, ValueError) as error:
        print(f"tcp-sysctl-lint: {error}", file=sys.stderr)
        return FAILED
    return FAILED if reaches(judged["results"], chosen.fail_on) else PASSED


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="tcp-sysctl-lint",
        description="Searches files for sysctl settings that break TCP connections. Exit code 2: some were found, or an error.",
    )
    parser.add_argument("paths", nargs="*", metavar="PATH", help="files and folders (default: the current folder)")
    parser.add_argument("--format", choices=list(FORMATS), default="text", help="default: text")
    parser.add_argument("--output", metavar="FILE", help="write there, and not to the standard output")
    parser.add_argument("--fail-on", choices=list(FAIL_ON), default="high", help="the lowest severity with exit code 2 (default: high)")
    parser.add_argument(
        "--profile", choices=[*PROFILES, ANY_PROFILE], default=ANY_PROFILE, help="what the hosts do (default: any, that is, all of them)"
    )
    parser.add_argument("--waivers", metavar="FILE", help="YAML list of accepted results: rule, paths, reason, expires (YYYY-MM-DD)")
    return parser


def _waivers(path: str | None) -> list[Waiver]:
    if path is None:
        return []
    try:
        with open(path, encoding="utf-8") as file:
            given = yaml.safe_load(file)
    except OSError as error:
        raise _LintError(f"{path}: {error.strerror}") from None
    except (yaml.YAMLError, ValueError, RecursionError):
        raise _LintError(f"{path}: is no YAML") from None
    if given is None:
        return []
    if not isinstance(given, list) or not all(isinstance(one, dict) for one in given):
        raise _LintError(f"{path}: must be a list of waivers, each with rule, paths, reason and expires")
    return parse_waivers(given)


def _write(text: str, path: str | None) -> None:
    if path is None:
        sys.stdout.reconfigure(encoding="utf-8", errors="replace")  # type: ignore[union-attr]
        sys.stdout.write(text)
        return
    try:
        with open(path, "w", encoding="utf-8") as file:
            file.write(text)
    except OSError as error:
        raise _LintError(f"{path}: {error.strerror}") from None


if __name__ == "__main__":
    sys.exit(main())
