# Copyright (c) 2026 The linux_tcp.hardening authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What `make test` runs: every part, even after one failed, and a table of what passed and how long it took.

check.py [part ...]; $ARGS holds more arguments for the tool of a single part.
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
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from scripts.build import build
from scripts.tree import COLLECTION, ROOT, copy_project

PYTHON = sys.executable
NAME = ".".join(COLLECTION.parts[1:])
# What tests bring to life; without one of them the tests that need it are skipped.
PACKAGES = ("procps", "iproute2", "systemd", "util-linux", "shellcheck", "npm", "chromium")
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
    run(PYTHON, "-m", "pytest", "-q", "-n", "2", "--dist", "worksteal", *extra)


def molecule(extra: list[str]) -> None:
    run(PYTHON, "-m", "scripts.scenarios", *extra)


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
    "package": package,
    "lint": lint,
    "sanity": sanity,
}


def main(names: list[str]) -> int:
    # For the tools that look for one another.
    os.environ["PATH"] = os.pathsep.join([str(Path(PYTHON).parent), os.environ["PATH"]])
    extra = shlex.split(os.environ.get("ARGS", "")) if len(names) == 1 else []
    chosen = names or list(PARTS)
    if "unit" in chosen or "sanity" in chosen:
        subprocess.run([str(ROOT / "scripts" / "need"), "--optional", *PACKAGES], check=False)
    rows = []
    for name in chosen:
        print(f"== {name}", flush=True)
        begin = time.monotonic()
        outcome = "passed"
        try:
            PARTS[name](extra)
        except (Failure, subprocess.CalledProcessError, OSError) as error:
            outcome = "FAILED"
            print(f"{name}: {error}", flush=True)
        rows.append((name, outcome, time.monotonic() - begin))
    print()
    for name, outcome, seconds in rows:
        print(f"{name:<8} {outcome}  {seconds:6.1f} s")
    return int(any(outcome == "FAILED" for _name, outcome, _seconds in rows))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
