"""docs/architecture.md shows the import rules that ``make lint`` checks."""

import re
import tomllib
from typing import Any

import pytest

from tests.support import markdown

_RULES = tomllib.loads(markdown.text("pyproject.toml"))["tool"]["importlinter"]["contracts"]


def _contract(name: str) -> dict[str, Any]:
    return next(contract for contract in _RULES if contract["id"] == name)


def _cells(line: str) -> list[str]:
    marked = line.strip("|").replace("\\|", "\0")
    return [cell.strip().strip("`").replace("\0", "|") for cell in marked.split("|")]


@pytest.mark.parametrize(("name", "column"), [("edge", 1), ("central", 2)])
def test_the_table_of_layers_is_the_checked_one(name: str, column: int) -> None:
    lines = markdown.text("docs/architecture.md").splitlines()
    head = next(i for i, line in enumerate(lines) if "Layers of the edge" in line)
    rows = [_cells(line) for line in lines[head + 2 : lines.index("", head)]]

    shown = [row[column] for row in rows if row[column]]

    assert shown == _contract(name)["layers"]


@pytest.mark.parametrize("name", ["vaguemestre", "edge", "central"])
def test_every_package_has_its_line_and_no_line_is_stale(name: str) -> None:
    section = markdown.text("docs/architecture.md").split("\n## Packages\n", 1)[1]
    tables = section.split("\n## ", 1)[0].split("| Package | What it is for |\n|---|---|\n")[1:]
    table = tables[["vaguemestre", "edge", "central"].index(name)].split("\n\n", 1)[0]
    shown = re.findall(r"`(\w+)`", " ".join(row.split("|")[1] for row in table.splitlines()))
    layers = {
        module for layer in _contract(name)["layers"] for module in re.split(r" [|:] ", layer)
    }

    assert sorted(shown) == sorted(layers - {"__main__"})


def test_every_contract_is_shown_and_no_other() -> None:
    lines = markdown.text("docs/architecture.md").splitlines()
    head = lines.index("| Contract | What it forbids |")
    rows = [_cells(line) for line in lines[head + 2 : lines.index("", head)]]

    assert [row[0] for row in rows] == [
        contract["name"] for contract in _RULES if contract["type"] != "layers"
    ]
    for row in rows:
        protected = next(c for c in _RULES if c["name"] == row[0]).get("protected_modules", [])
        assert all(f"`{module}`" in row[1] or module in row[1] for module in protected), row
