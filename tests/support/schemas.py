"""What is wrong with a record by its JSON schema, for the few words that ours use."""

from __future__ import annotations

import re
from datetime import datetime
from typing import Any

_TYPES: dict[str, type | tuple[type, ...]] = {
    "string": str,
    "boolean": bool,
    "number": (int, float),
    "null": type(None),
}


def wrong(record: dict[str, Any], schema: dict[str, Any]) -> list[str]:
    """One line per flaw; none for a record that obeys."""
    assert (schema["type"], schema["additionalProperties"]) == ("object", False)
    fields = schema["properties"]
    flaws = [f"{name} is missing" for name in schema["required"] if name not in record]
    flaws += [f"{name} is not of the schema" for name in record if name not in fields]
    return flaws + [
        f"{name}: {record[name]!r}" for name in fields if name in record and not fits(record[name], fields[name])
    ]


def fits(value: Any, field: dict[str, Any]) -> bool:
    if "enum" in field:
        return value in field["enum"]
    names = field["type"] if isinstance(field["type"], list) else [field["type"]]
    if not any(isinstance(value, _TYPES[name]) for name in names):
        return False
    if isinstance(value, str) and "pattern" in field and not re.search(field["pattern"], value):
        return False
    if isinstance(value, str) and field.get("format") == "date-time":
        return datetime.fromisoformat(value).utcoffset() is not None
    if "minimum" in field:
        return bool(field["minimum"] <= value <= field["maximum"])
    return True
