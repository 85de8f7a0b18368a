# Copyright (c) 2026 The linux_tcp.hardening authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The folders of plugins: which may import which, and how large a file or a function may get."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

PLUGINS = Path(__file__).resolve().parents[2] / "plugins"
MODULE_UTILS = PLUGINS / "module_utils"
PACKAGE = ("ansible_collections", "linux_tcp", "hardening", "plugins")
# A folder of module_utils ("" is module_utils itself) may import itself and the folders of its list.
MAY_IMPORT = {
    "": set(),
    "_sysctl": {""},
    "_facts": {"", "_sysctl"},
    "_profile": {"", "_sysctl", "_facts"},
    "_probe": {""},
}

MOST_LINES = 350
MOST_LINES_OF_A_FUNCTION = 50
# Their documentation is most of them.
DOCUMENTED = {"modules", "doc_fragments"}


def module_of(path: Path) -> tuple[str, ...]:
    return (*PACKAGE, *path.relative_to(PLUGINS).with_suffix("").parts)


def run_time_imports(path: Path) -> set[tuple[str, ...]]:
    """What a file imports when it runs: the modules, or names in them; what stands under TYPE_CHECKING is left out."""
    found: set[tuple[str, ...]] = set()

    def visit(node: ast.AST) -> None:
        for child in ast.iter_child_nodes(node):
            if isinstance(child, ast.If) and ast.unparse(child.test).endswith("TYPE_CHECKING"):
                continue
            if isinstance(child, ast.ImportFrom):
                base = module_of(path)[: -child.level] if child.level else ()
                found.update((*base, *(child.module or "").split("."), alias.name) for alias in child.names)
            elif isinstance(child, ast.Import):
                found.update(tuple(alias.name.split(".")) for alias in child.names)
            visit(child)

    visit(ast.parse(path.read_text(encoding="utf-8")))
    return {tuple(filter(None, name)) for name in found}


FILES = sorted(path for path in MODULE_UTILS.rglob("*.py") if path.name != "__init__.py")


def imported_files(path: Path) -> set[Path]:
    names = run_time_imports(path)
    return {other for other in FILES if any(name[: len(module_of(other))] == module_of(other) for name in names)}


GRAPH = {path: imported_files(path) for path in FILES}


def folder_of(path: Path) -> str:
    return path.parent.name if path.parent != MODULE_UTILS else ""


def test_module_utils_has_five_folders() -> None:
    assert {folder_of(path) for path in FILES} == set(MAY_IMPORT)


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(MODULE_UTILS)))
def test_folders_are_imported_in_one_direction(path: Path) -> None:
    assert {folder_of(other) for other in GRAPH[path]} - {folder_of(path)} <= MAY_IMPORT[folder_of(path)]


def test_no_import_goes_in_a_circle() -> None:
    left = {path: set(imported) for path, imported in GRAPH.items()}
    while ready := {path for path, imported in left.items() if not imported & set(left)}:
        left = {path: imported for path, imported in left.items() if path not in ready}
    assert [str(path) for path in left] == []


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(MODULE_UTILS)))
def test_targets_need_the_standard_library_alone(path: Path) -> None:
    """Neither ansible.module_utils.basic nor anything of the controller."""
    assert [
        name for name in run_time_imports(path) if name[0].startswith("ansible") and name[: len(PACKAGE) + 1] != (*PACKAGE, "module_utils")
    ] == []


@pytest.mark.parametrize(
    "path",
    [path for path in sorted(PLUGINS.rglob("*.py")) if path.relative_to(PLUGINS).parts[0] not in DOCUMENTED],
    ids=lambda path: str(path.relative_to(PLUGINS)),
)
def test_files_and_functions_are_read_in_one_sitting(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    functions = [node for node in ast.walk(ast.parse(text)) if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef))]
    long = {node.name: lines for node in functions if (lines := (node.end_lineno or 0) - node.lineno + 1) > MOST_LINES_OF_A_FUNCTION}
    assert long == {}
    assert len(text.splitlines()) <= MOST_LINES


@pytest.mark.parametrize(
    "path",
    [
        path
        for folder in ("module_utils", "plugin_utils")
        for path in sorted((PLUGINS / folder).rglob("_*.py"))
        # Types alone have no behaviour.
        if path.name not in ("__init__.py", "_nat_types.py", "_probe_types.py", "_snapshot_types.py", "_socket_types.py", "_watch_types.py")
    ],
    ids=lambda path: str(path.relative_to(PLUGINS)),
)
def test_each_file_has_its_tests_where_one_looks_for_them(path: Path) -> None:
    mirrored = Path(__file__).parent / "plugins" / path.relative_to(PLUGINS).parent / f"test_{path.name}"
    assert mirrored.is_file()
