"""docs/spool.md and the tests name the same invariants."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

_ROOT = Path(__file__).parents[3]


def _tests(folder: Path) -> Iterator[str]:
    for path in folder.rglob("test_*.py"):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.FunctionDef) and node.name.startswith("test_s"):
                yield node.name


def test_every_invariant_has_a_test_and_every_test_an_invariant() -> None:
    written = set(re.findall(r"^- \*\*S(\d+)\*\*", (_ROOT / "docs/spool.md").read_text(), re.M))
    numbers = {
        name.removeprefix("test_s").partition("_")[0]
        for folder in ("edge", "e2e")
        for name in _tests(_ROOT / "tests" / folder)
    }
    assert len(written) == 29
    assert written == {str(int(number)) for number in numbers if number.isdecimal()}
