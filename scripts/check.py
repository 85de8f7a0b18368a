# Copyright (c) 2026 The linux_tcp.hardening authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What `make test` runs: every part, even after one failed, and a table of what passed and how long it took.

check.py [part ...]; $ARGS holds more arguments for the tool of a single part.
It says first what comes and about how long it takes, and once a minute what still runs. Ctrl-C leaves no container and no process.
"""

from __future__ import annotations

import ast
import importlib.util
import os
import re
import shlex
import shutil
import subprocess
import sys
import tarfile
import tempfile
import time
import typing as t
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from scripts import estimate, interrupt, scenarios
from scripts.build import build
from scripts.tree import COLLECTION, ROOT, copy_project

PYTHON = sys.executable
NAME = ".".join(COLLECTION.parts[1:])
# What tests bring to life; without one of them the tests that need it are skipped.
PACKAGES = ("procps", "iproute2", "systemd", "util-linux", "shellcheck", "npm", "chromium", "conntrack", "nftables", "iptables", "strace")
# What people get who install the collection, and nothing else.
SHIPPED = {
    "CHANGELOG.md",
    "CONTRIBUTING.md",
    "FILES.json",
    "LICENSE",
    "MANIFEST.json",
    "README.md",
    "docs",
    "meta",
    "playbooks",
    "plugins",
    "roles",
}
NOT_SHIPPED = ("__pycache__", ".pyc", "playbooks/collections")


class Failure(Exception):
    """A check found something; the message says what."""


def run(*command: str, cwd: Path = ROOT, env: dict[str, str] | None = None, quiet: bool = False) -> None:
    """Run a command. Raises Failure when it fails; quiet: show its output only then."""
    sys.stdout.flush()
    done = subprocess.run(
        command,
        cwd=cwd,
        env={**os.environ, **(env or {})},
        check=False,
        stdout=subprocess.PIPE if quiet else None,
        stderr=subprocess.STDOUT if quiet else None,
        start_new_session=True,
    )
    if done.returncode:
        if quiet:
            sys.stdout.buffer.write(done.stdout)
        raise Failure(f"{' '.join(command[:6])}: exit code {done.returncode}")


def run_each(*commands: list[str]) -> None:
    """Run all commands. Raises Failure at the end when some failed."""
    failures = []
    for command in commands:
        try:
            run(*command)
        except Failure as failure:
            failures.append(str(failure))
    if failures:
        raise Failure("; ".join(failures))


@contextmanager
def project_copy() -> Iterator[Path]:
    """A clean copy of the project outside of it, as ansible-test insists, removed afterwards."""
    with tempfile.TemporaryDirectory(prefix="tcp-test-") as parent:
        yield copy_project(Path(parent))


def unit(extra: list[str]) -> None:
    pytest("unit", extra)


def fuzz(extra: list[str]) -> None:
    """A fixed number of inputs for each target, always the same ones."""
    pytest("fuzz", ["tests/fuzz", *extra])


def pytest(part: str, arguments: list[str]) -> None:
    """Run tests, those of pyproject.toml where arguments name none. Raises Failure. progress says how far they are."""
    colour = "yes" if sys.stdout.isatty() else "auto"
    command = [PYTHON, "-m", "pytest", "-q", f"--color={colour}", "-n", "2", "--dist", "worksteal", *arguments]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True, errors="replace", start_new_session=True) as process:
        for line in t.cast(t.IO[str], process.stdout):
            print(line, end="", flush=True)
            percent = re.search(r"\[ *(\d+)%\]", line)
            if percent:
                progress[part] = f"{percent[1]} % of the tests are done"
    if process.returncode:
        raise Failure(f"pytest: exit code {process.returncode}")


def molecule(extra: list[str]) -> None:
    try:
        outcomes = scenarios.run_all(extra)
    except scenarios.Problem as problem:
        raise Failure(str(problem)) from problem
    failed = [f"{outcome.name} ({outcome.failure})" for outcome in outcomes if outcome.failure]
    if failed:
        raise Failure(", ".join(failed))


def sanity(extra: list[str]) -> None:
    home = sanity_home()
    version = "{}.{}".format(*sys.version_info)
    command = [PYTHON, "-m", "ansible", "test", "sanity", "--venv", "--python", version, "--color", "no", *extra]
    with project_copy() as copy:
        run(*command, cwd=copy, env={"HOME": str(home)})


def sanity_home() -> Path:
    """A home for ansible-test, which keeps its virtual environments there and looks there for pip's settings and for get-pip.

    pip's settings go there as a file, because ansible-test hands on none of pip's environment variables.
    """
    home = Path(sys.prefix, "ansible-test-home")
    config = home / ".config" / "pip" / "pip.conf"
    config.parent.mkdir(parents=True, exist_ok=True)
    config.write_text(pip_settings(), encoding="utf-8")

    cache = home / ".ansible" / "test" / "cache"
    cache.mkdir(parents=True, exist_ok=True)
    package = importlib.util.find_spec("ansible_test")
    if package is None or package.origin is None:
        raise Failure("ansible-test is missing from the virtual environment")
    source = Path(package.origin).with_name("_internal").joinpath("python_requirements.py").read_text(encoding="utf-8")
    for version in re.findall(r"\bpip='([0-9.]+)'", source):
        shutil.copy(ROOT / "scripts" / "get_pip.py", cache / f"get_pip_{version.replace('.', '_')}.py")
    return home


def pip_settings() -> str:
    """All of pip's settings, from files and from the environment, as the text of one settings file."""
    listed = subprocess.run([PYTHON, "-m", "pip", "config", "list"], check=True, capture_output=True, text=True).stdout
    settings: dict[str, dict[str, str]] = {"global": {"quiet": "2"}}
    # Stable sort: the environment comes last, because it is the strongest.
    for line in sorted(listed.splitlines(), key=lambda line: line.startswith(":env:")):
        name, _equals, value = line.partition("=")
        section, _dot, option = name.rpartition(".")
        settings.setdefault(section.replace(":env:", "global"), {})[option] = ast.literal_eval(value)
    lines = []
    for section, options in settings.items():
        lines += [f"[{section}]", *(f"{option} = {value.strip()}".replace("\n", "\n  ") for option, value in options.items())]
    return "\n".join([*lines, ""])


def lint(extra: list[str]) -> None:
    run(PYTHON, "-m", "ansiblelint", "--offline", "--nocolor", "-q", *extra)


def ruff(extra: list[str]) -> None:
    tool = [PYTHON, "-m", "ruff"]
    run_each([*tool, "check", "--quiet", "--output-format", "concise", *extra, "."], [*tool, "format", "--check", "--quiet", "."])


def types(extra: list[str]) -> None:
    # Where pytest finds its modules, too.
    os.environ["MYPYPATH"] = "tests"
    tool = [PYTHON, "-m", "mypy", "--no-error-summary", *extra]
    # The plugins by name: by path mypy would find them twice, through the link as well.
    run_each([*tool, "-p", f"ansible_collections.{NAME}.plugins"], [*tool, "tests", "scripts", "molecule"])


def package(extra: list[str]) -> None:
    """Build, install where nothing else is, and use what was installed."""
    with tempfile.TemporaryDirectory(prefix="tcp-package-") as name:
        folder = Path(name)
        archive = build(folder)
        with tarfile.open(archive) as members:
            unwanted = [
                member
                for member in members.getnames()
                if member.split("/")[0] not in SHIPPED or any(part in member for part in NOT_SHIPPED)
            ]
        if unwanted:
            raise Failure(f"{archive.name} has what it should not have: {', '.join(unwanted[:10])}")

        settings = folder / "ansible.cfg"
        settings.touch()
        env = {"ANSIBLE_CONFIG": str(settings), "ANSIBLE_COLLECTIONS_PATH": name, "ANSIBLE_INVENTORY_UNPARSED_WARNING": "False"}
        ansible = [PYTHON, "-m", "ansible"]
        run(*ansible, "galaxy", "collection", "install", "--offline", "-p", name, str(archive), cwd=folder, env=env, quiet=True)
        installed = folder / COLLECTION
        modules = [f"{NAME}.{path.stem}" for path in sorted((installed / "plugins" / "modules").glob("[!_]*.py"))]
        roles = [f"{NAME}.{path.name}" for path in sorted((installed / "roles").iterdir())]
        playbooks = [f"{NAME}.{path.stem}" for path in sorted((installed / "playbooks").glob("*.yml")) if path.stem.isidentifier()]
        run(*ansible, "doc", *modules, cwd=folder, env=env, quiet=True)
        run(*ansible, "doc", "-t", "role", *roles, cwd=folder, env=env, quiet=True)
        for playbook in playbooks:
            run(*ansible, "playbook", "--syntax-check", playbook, *extra, cwd=folder, env=env, quiet=True)
        run(*ansible, "playbook", f"{NAME}.audit_tcp", "--extra-vars", "tcp_fail_on=never", cwd=folder, env=env, quiet=True)
        print(f"{archive.name}: {len(modules)} modules, {len(roles)} roles, {len(playbooks)} playbooks")


PARTS: dict[str, Callable[[list[str]], None]] = {
    "ruff": ruff,
    "types": types,
    # Before the unit tests, some of which use its image.
    "molecule": molecule,
    "unit": unit,
    "fuzz": fuzz,
    "package": package,
    "lint": lint,
    "sanity": sanity,
}


class Row(t.NamedTuple):
    """One line of the table at the end. result: passed, FAILED, stopped or not run."""

    name: str
    result: str
    seconds: float | None


# How far a part is, where it knows, for the line a minute.
progress: dict[str, str] = {}


def how_far(part: str) -> str:
    return scenarios.progress() if part == "molecule" else progress.get(part, "")


def expected(part: str, extra: list[str]) -> float | None:
    """Seconds. None where they are not known: arguments say what runs. Raises scenarios.Problem for a scenario that there is not."""
    if part == "molecule":
        names = [f"molecule/{name}" for name in scenarios.chosen(extra)]
        return estimate.at_a_time(names, scenarios.AT_A_TIME)
    return None if extra else estimate.seconds(part)


def announce(parts: list[str], extra: list[str]) -> None:
    """Print what comes and about how long it takes. Raises scenarios.Problem for a scenario that there is not."""
    chosen = scenarios.chosen(extra) if "molecule" in parts else []
    measured = [part for part in parts if part != "molecule"] + [f"molecule/{name}" for name in chosen]
    print(f"What comes, and about how long it takes, {estimate.source(measured)}:")
    for part in parts:
        print(f"  {part:<20} {estimate.in_words(expected(part, extra)):>12}")
        if part == "molecule":
            for name in chosen:
                print(f"    {name:<18} {estimate.in_words(estimate.seconds(f'molecule/{name}')):>12}")
    if len(parts) > 1:
        print(f"  {'all':<20} {estimate.in_words(sum(expected(part, extra) or 0 for part in parts)):>12}")
    sys.stdout.flush()


def run_part(part: str, extra: list[str]) -> Row:
    begin = time.monotonic()
    result = "passed"
    try:
        print(f"== {part}", flush=True)
        with estimate.a_line_a_minute(part, expected(part, extra), lambda: how_far(part)):
            PARTS[part](extra)
    except KeyboardInterrupt:
        result = "stopped"
    except (Failure, subprocess.CalledProcessError, OSError) as error:
        # What it was at may not like its end.
        result = "stopped" if interrupt.stopped else "FAILED"
        print(f"{part}: {error}", flush=True)
    return Row(part, result, time.monotonic() - begin)


def scenario_rows() -> list[Row]:
    return [Row(f"molecule/{outcome.name}", "FAILED" if outcome.failure else "passed", outcome.seconds) for outcome in scenarios.ended]


def run_parts(parts: list[str], extra: list[str]) -> list[Row]:
    """Run every part, even after one failed, and none after one was stopped. Keeps the seconds of what passed for the next run."""
    rows: list[Row] = []
    for part in parts:
        if any(row.result == "stopped" for row in rows):
            rows.append(Row(part, "not run", None))
            continue
        rows.append(run_part(part, extra))
        if part == "molecule":
            rows += scenario_rows()
    estimate.remember({row.name: round(row.seconds, 1) for row in rows if row.seconds is not None and is_whole(row, extra)})
    return rows


def is_whole(row: Row, extra: list[str]) -> bool:
    """Whether its seconds say something of the next run. With arguments only some of a part ran; scenarios are measured one by one."""
    is_scenario = row.name.startswith("molecule/")
    return row.result == "passed" and (is_scenario or (row.name != "molecule" and not extra))


def print_table(rows: list[Row]) -> None:
    print()
    for row in rows:
        print(f"{row.name:<22} {row.result:<8} {'' if row.seconds is None else estimate.in_words(row.seconds):>12}".rstrip())


def main(names: list[str]) -> int:
    # For the tools that look for one another.
    os.environ["PATH"] = os.pathsep.join([str(Path(PYTHON).parent), os.environ["PATH"]])
    extra = shlex.split(os.environ.get("ARGS", "")) if len(names) == 1 else []
    parts = names or list(PARTS)
    interrupt.arm()
    try:
        announce(parts, extra)
        if "unit" in parts or "sanity" in parts:
            subprocess.run([str(ROOT / "scripts" / "need"), "--optional", *PACKAGES], check=False)
        rows = run_parts(parts, extra)
        print_table(rows)
        results = {row.result for row in rows}
        if "stopped" in results:
            # Those of the unit tests: their fixtures did not come to it.
            scenarios.remove_left_over()
            return interrupt.EXIT_CODE
    except scenarios.Problem as problem:
        print(problem, file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        # Before the first part or between two of them.
        return interrupt.EXIT_CODE
    return int("FAILED" in results)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
