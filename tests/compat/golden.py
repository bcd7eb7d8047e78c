"""Golden files: where they lie, and which lines differ."""

import difflib
from collections.abc import Iterable
from pathlib import Path

import pytest

FOLDER = Path(__file__).parent / "golden"


def read(name: str) -> str:
    """What an earlier program wrote."""
    return (FOLDER / name).read_text("utf-8")


def write(name: str, text: str) -> None:
    """Renew a file; the package's docstring says when."""
    (FOLDER / name).write_text(text, "utf-8")


def lines(found: Iterable[str]) -> str:
    """A list as a file holds it: sorted, each line once."""
    return "".join(f"{line}\n" for line in sorted(set(found)))


def demand_same(name: str, now: str) -> None:
    """Fail with the lines that differ: ``-`` was promised, ``+`` is what the program says now."""
    before, after = (text.replace("><", ">\n<").splitlines() for text in (read(name), now))  # XML
    changed = difflib.unified_diff(before, after, lineterm="", n=0)
    told = [line for line in changed if not line.startswith(("---", "+++", "@@"))]
    if told:
        lines_of = "\n".join(told)
        pytest.fail(f"golden/{name}: see tests/compat/__init__.py\n{lines_of}", pytrace=False)
