# Copyright (c) 2026 The linux_tcp.hardening authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Writes docs/schema from the shapes in the code, as JSON Schema 2020-12. A test fails when a file there is stale."""

from __future__ import annotations

import json
import sys
import types
import typing as t
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "playbooks" / "collections"))

from ansible_collections.linux_tcp.hardening.plugins.plugin_utils._reports._compare import RuleChange  # noqa: E402
from ansible_collections.linux_tcp.hardening.plugins.plugin_utils._reports._input import NotAudited  # noqa: E402
from ansible_collections.linux_tcp.hardening.plugins.plugin_utils._reports._outliers import Outlier  # noqa: E402
from ansible_collections.linux_tcp.hardening.plugins.plugin_utils._results import (  # noqa: E402
    CureTexts,
    RuleTexts,
    SavedAudit,
    Summary,
)
from ansible_collections.linux_tcp.hardening.plugins.plugin_utils._shapes import AtLeast, Default  # noqa: E402
from ansible_collections.linux_tcp.hardening.plugins.plugin_utils._snapshot_types import Snapshot  # noqa: E402

FOLDER = ROOT / "docs" / "schema"
Schema = t.Dict[str, t.Any]


class AuditOfHost(SavedAudit):
    """An audit as tcp_audit returns it, with the host that was looked at. Ansible's own keys may stand beside."""

    host: str
    summary: Summary


class ComparisonPart(t.TypedDict):
    """What changed since an earlier report."""

    rules: list[RuleChange]
    added: list[str]
    gone: list[str]
    lost: list[str]


class ReportStart(t.TypedDict):
    """What each report has."""

    schema: t.Literal["linux_tcp.report/2"]
    title: str
    rules: dict[str, RuleTexts]
    cures: dict[str, CureTexts]
    audits: list[AuditOfHost | NotAudited]


class ReportFile(ReportStart, total=False):
    """The JSON report: one line for each host, in audits."""

    outliers: list[Outlier]
    comparison: ComparisonPart


# File to the shape in it. The number is that of the data; for an audit it is that of the report.
SHAPES: dict[str, t.Any] = {"snapshot-3.json": Snapshot, "audit-2.json": AuditOfHost, "report-2.json": ReportFile}


def document(name: str) -> str:
    """The schema file of that name."""
    made: dict[str, Schema] = {}
    root = _schema(SHAPES[name], made)
    whole = {"$schema": "https://json-schema.org/draft/2020-12/schema", "$id": f"urn:linux_tcp.hardening:{name}", **root, "$defs": made}
    return json.dumps(whole, indent=1) + "\n"


def _schema(hint: t.Any, made: dict[str, Schema]) -> Schema:
    origin, arguments = t.get_origin(hint), t.get_args(hint)
    if origin is t.Annotated:
        schema = _schema(arguments[0], made)
        low = next((note.low for note in arguments[1:] if isinstance(note, AtLeast)), None)
        return schema if low is None else {**schema, "minimum": low}
    if origin is t.Union or origin is types.UnionType:
        return {"anyOf": [_schema(one, made) for one in arguments]}
    if origin is t.Literal:
        return {"enum": list(arguments)}
    if origin is list:
        return {"type": "array", "items": _schema(arguments[0], made)}
    if origin is tuple:
        return {"type": "array", "prefixItems": [_schema(one, made) for one in arguments], "minItems": len(arguments)}
    if origin is dict:
        return {"type": "object", "additionalProperties": _schema(arguments[1], made)}
    if t.is_typeddict(hint) or hasattr(hint, "_fields"):
        return _object(hint, made)
    return {"type": _NAMES[hint]}


_NAMES = {str: "string", bool: "boolean", int: "integer", float: "number", type(None): "null"}


def _object(kind: t.Any, made: dict[str, Schema]) -> Schema:
    """A reference to the shape, which stands once in made. Other keys may stand beside the known ones: later versions add some."""
    name = kind.__name__
    if name not in made:
        made[name] = {}
        hints = t.get_type_hints(kind, include_extras=True)
        optional = set() if hasattr(kind, "_fields") else hints.keys() - kind.__required_keys__
        needed = [field for field, hint in hints.items() if field not in optional and not _may_be_missing(hint)]
        about = " ".join((kind.__doc__ or "").split("\n\n")[0].split())
        made[name] = {
            "type": "object",
            "description": about,
            "properties": {field: _schema(hint, made) for field, hint in hints.items()},
            "required": needed,
        }
    return {"$ref": f"#/$defs/{name}"}


def _may_be_missing(hint: t.Any) -> bool:
    arguments = t.get_args(hint)
    if t.get_origin(hint) is t.Annotated:
        return any(isinstance(note, Default) for note in arguments[1:]) or _may_be_missing(arguments[0])
    return type(None) in arguments


def main() -> None:
    FOLDER.mkdir(parents=True, exist_ok=True)
    for name in SHAPES:
        (FOLDER / name).write_text(document(name), encoding="utf-8")
        print(f"wrote {(FOLDER / name).relative_to(ROOT)}")


if __name__ == "__main__":
    main()
