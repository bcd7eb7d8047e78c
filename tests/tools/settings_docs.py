"""Write the reference pages of the settings from the models that check them.

Usage: ``python -m tests.tools.settings_docs``; tests/docs/test_settings.py compares.
"""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pydantic

from central.config import CentralConfig
from edge.config import EdgeConfig

_DOCS = Path(__file__).parents[2] / "docs"
_HEAD = (
    "<!-- Generated from {module} by `python -m tests.tools.settings_docs`: edit there. -->\n\n"
    "# Settings of {whose}\n\n"
    "One TOML file, read once at the start and given as `--config FILE`. Unknown keys are\n"
    "refused, and every problem is told in one go; `{program} check-config --config FILE`\n"
    "checks and does no more. Paths are absolute. Secrets stay in files of their own, which this\n"
    "one names.\n"
)
_PAGES: Mapping[str, tuple[type[pydantic.BaseModel], dict[str, str]]] = {
    "settings-edge.md": (
        EdgeConfig,
        {"module": "edge/config.py", "whose": "a station", "program": "vaguemestre-edge"},
    ),
    "settings-central.md": (
        CentralConfig,
        {"module": "central/config.py", "whose": "the centre", "program": "vaguemestre-central"},
    ),
}
_UNITS = {"_s": "seconds", "_bytes": "bytes", "_pixels": "pixels", "_per_file": "pages"}
_LIMITS = {"minimum": "≥", "exclusiveMinimum": ">", "maximum": "≤", "exclusiveMaximum": "<"}

Schema = Mapping[str, Any]


def pages() -> dict[str, str]:
    """The content of each page by its file's name."""
    return {name: _page(model, words) for name, (model, words) in _PAGES.items()}


def _page(model: type[pydantic.BaseModel], words: Mapping[str, str]) -> str:
    schema = model.model_json_schema()
    parts = [_HEAD.format(**words)]
    for name, entry in schema["properties"].items():
        is_list = entry.get("type") == "array"
        one = entry["items"] if is_list else entry
        if "anyOf" in one:  # a table that may be left out and has no defaults as a whole
            one = next(kind for kind in one["anyOf"] if "$ref" in kind)
        reference = str(one["$ref"])
        table = schema["$defs"][reference.rpartition("/")[2]]
        is_required = name in schema["required"]
        parts.append(_section(name, table, schema["$defs"], is_list, is_required))
    return "\n".join(parts)


def _section(
    name: str, table: Schema, defs: Mapping[str, Schema], is_list: bool, is_required: bool
) -> str:
    title = f"[[{name}]]" if is_list else f"[{name}]"
    # pydantic takes a table that may be left out from its own defaults.
    presence = "Required." if is_required else "May be left out."
    if is_list:
        presence = "One or more." if is_required else "Any number."
    lines = [
        f"## `{title}`\n",
        f"{_plain(table['description'])} {presence}\n",
        "| Key | Type | Default | Unit, limits | |",
        "|---|---|---|---|---|",
    ]
    required = table.get("required", ())
    for key, entry in table["properties"].items():
        default = "**required**" if key in required else _value(entry.get("default"))
        cells = (f"`{key}`", _type(entry, defs), default, _limits(key, entry, defs))
        lines.append(f"| {' | '.join(cells)} | {_plain(entry.get('description', ''))} |")
    return "\n".join(lines) + "\n"


def _kinds(entry: Schema, defs: Mapping[str, Schema]) -> Iterator[Schema]:
    """The alternatives of a value; being left out is none of them."""
    if "$ref" in entry:
        entry = defs[str(entry["$ref"]).rpartition("/")[2]]
    for one in entry.get("anyOf", [entry]):
        if one.get("type") != "null":
            yield one


def _type(entry: Schema, defs: Mapping[str, Schema]) -> str:
    (kind,) = _kinds(entry, defs)
    if "enum" in kind:
        return ", ".join(f"`{value}`" for value in kind["enum"])
    if kind["type"] == "array":
        return f"list of {kind['items']['type']}s"
    if kind["type"] == "object":
        return "table"
    return "path" if kind.get("format") == "path" else str(kind["type"])


def _limits(key: str, entry: Schema, defs: Mapping[str, Schema]) -> str:
    (kind,) = _kinds(entry, defs)
    found = [word for ending, word in _UNITS.items() if key.endswith(ending)]
    found += [f"{sign} {kind[name]:_}" for name, sign in _LIMITS.items() if name in kind]
    if "minItems" in kind:
        found.append(f"at least {kind['minItems']}")
    if "pattern" in kind and "host:port" not in entry.get("description", ""):
        found.append("`{}`".format(kind["pattern"].replace("|", "\\|")))
    return ", ".join(found)


def _value(value: object) -> str:
    if value is None:
        return "unset"
    if isinstance(value, int | float) and not isinstance(value, bool):
        return f"{value:_}".removesuffix(".0")
    if value in ("", []):
        return "empty"
    if isinstance(value, list):
        return ", ".join(f"`{one}`" for one in value)
    return f"`{value}`"


def _plain(text: str) -> str:
    return " ".join(text.replace("``", "`").split()).replace("|", "\\|")


def main() -> None:
    """Write the pages."""
    for name, text in pages().items():
        (_DOCS / name).write_text(text, "utf-8")


if __name__ == "__main__":
    main()
