# Copyright (c) 2026 The linux_tcp.hardening authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""House rules that no linter knows."""

from __future__ import annotations

import ast
import os
import re
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml
from support.pythons import python

from scripts.tree import ROOT, project_files

FILES = project_files()
TEXTS = [path for path in FILES if not (ROOT / path).is_symlink() and path.suffix not in {".png", ".gz", ".xz", ".gif", ".jpg"}]
PYTHON = [path for path in TEXTS if path.suffix == ".py"]
UTILS = [path for path in PYTHON if path.parts[:2] in {("plugins", "module_utils"), ("plugins", "plugin_utils")}]
# What may run on a target, where Python may be as old as 3.8.
ON_TARGETS = [path for path in PYTHON if path.parts[:2] in {("plugins", "module_utils"), ("plugins", "modules")}]
ROLES = sorted((ROOT / "roles").iterdir())

HEADER = """\
# Copyright (c) 2026 The linux_tcp.hardening authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""
PRIVATE = "# PRIVATE to the collection: not for use outside it, may change at any time.\n"
SOMEBODYS_PATH = re.compile(r"(?<![\w.~-])/(?:work|root|home/\w+)/[\w.]")
REGISTRY = re.compile(r"\bpypi\.org|\bnpmjs\.|\bpythonhosted\.|\bdeb\.debian\.org|\bci-files\.")
MARKDOWN_LINK = re.compile(r"\]\(<?([^)>\s#]+)[^)]*\)|\b(?:src|href|srcset)=\"([^\"#]+)")


def read(path: Path) -> str:
    return (ROOT / path).read_text(encoding="utf-8")


def read_yaml(path: Path) -> Any:
    return yaml.safe_load(read(path))


def test_python_files_name_their_licence_and_leave_annotations_alone() -> None:
    # ansible-test wants the __init__.py files of module_utils empty.
    texts = {path: re.sub(r"\A#!.*\n", "", read(path)) for path in PYTHON if read(path)}

    assert [str(path) for path, text in texts.items() if not text.startswith(HEADER)] == []
    assert [str(path) for path, text in texts.items() if "\nfrom __future__ import annotations\n" not in text] == []


def test_utils_say_that_they_are_private() -> None:
    assert [str(path) for path in UTILS if read(path) and PRIVATE not in read(path)] == []
    assert [str(path) for path in UTILS if not path.parts[2].startswith("_")] == []


def test_syntax_is_known_to_old_python() -> None:
    for path in ON_TARGETS:
        ast.parse(read(path), filename=str(path), feature_version=(3, 8))


def test_module_utils_load_with_old_python() -> None:
    interpreter = python("3.8")
    if interpreter is None:
        pytest.skip("there is no Python 3.8 here")
    names = [".".join(path.with_suffix("").parts[2:]) for path in UTILS if path.parts[1] == "module_utils" and path.stem != "__init__"]
    package = "ansible_collections.linux_tcp.hardening.plugins.module_utils"
    source = "import importlib\n" + "\n".join(f"importlib.import_module('{package}.{name}')" for name in names)

    done = subprocess.run(
        [interpreter, "-B", "-c", source],
        env={**os.environ, "PYTHONPATH": str(ROOT / "playbooks" / "collections")},
        check=False,
        capture_output=True,
        text=True,
    )

    assert done.returncode == 0, done.stderr


def test_changelog_is_about_this_version() -> None:
    newest = re.search(r"^## \[?([0-9][^\s\]]*)", read(Path("CHANGELOG.md")), re.MULTILINE)

    assert newest is not None
    assert newest[1] == read_yaml(Path("galaxy.yml"))["version"]


def test_action_group_has_all_modules() -> None:
    groups = read_yaml(Path("meta/runtime.yml"))["action_groups"]

    assert groups["hardening"] == sorted(path.stem for path in PYTHON if path.parts[:2] == ("plugins", "modules"))


@pytest.mark.parametrize("role", ROLES, ids=lambda role: role.name)
def test_role_documents_its_variables(role: Path) -> None:
    defaults = read_yaml(role / "defaults" / "main.yml") or {}
    options = read_yaml(role / "meta" / "argument_specs.yml")["argument_specs"]["main"]["options"]
    optional = {name for name, option in options.items() if not option.get("required") and "default" in option}

    assert set(defaults) <= set(options)
    assert optional == set(defaults)
    assert {name: options[name]["default"] for name in optional} == defaults


def test_files_name_nobodys_machine_and_no_registry() -> None:
    found = {str(path): SOMEBODYS_PATH.findall(text) + REGISTRY.findall(text) for path in TEXTS for text in [read(path)]}

    assert {path: names for path, names in found.items() if names} == {}


@pytest.mark.parametrize("path", [path for path in TEXTS if path.suffix == ".md"], ids=str)
def test_links_lead_somewhere(path: Path) -> None:
    targets = [link or attribute for link, attribute in MARKDOWN_LINK.findall(read(path))]
    local = [target for target in targets if not re.match(r"[a-z]+:", target)]

    assert [target for target in local if not (ROOT / path.parent / target).exists()] == []


@pytest.mark.parametrize("path", [path for path in TEXTS if path.suffix == ".md"], ids=str)
def test_files_that_a_page_names_are_there(path: Path) -> None:
    """NAME, PROFILE and the like stand for what a reader chooses."""
    named = [name for name in re.findall(r"`([\w./-]+)`", read(path)) if not re.search(r"NAME|PROFILE|SCENARIO", name)]
    folders = {top.parts[0] for top in FILES if len(top.parts) > 1}
    missing = [name for name in named if "/" in name and name.split("/")[0] in folders and not (ROOT / name).exists()]
    names = {file.name for file in FILES}

    assert missing == []
    assert [name for name in named if re.fullmatch(r"_\w+\.py", name) and name not in names] == []


@pytest.mark.parametrize("path", [path for path in FILES if (ROOT / path).is_symlink()], ids=str)
def test_symbolic_link_stays_inside(path: Path) -> None:
    assert not os.path.isabs(os.readlink(ROOT / path))
    assert (ROOT / path).resolve(strict=True).is_relative_to(ROOT)


@pytest.mark.parametrize("path", sorted((ROOT / "requirements").iterdir()), ids=lambda path: path.name)
def test_requirements_are_pinned(path: Path) -> None:
    lines = [line for line in read(path).splitlines() if line and not line.startswith(("#", "-r run.txt", "-r test.txt"))]

    assert [line for line in lines if not re.fullmatch(r"[A-Za-z0-9._-]+==[A-Za-z0-9.]+", line)] == []


@pytest.mark.parametrize("command", ["make audit", "make test"])
def test_readme_names_the_commands(command: str) -> None:
    assert command in read(Path("README.md"))
