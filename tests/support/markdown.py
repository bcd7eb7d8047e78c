"""What the tests of the documentation read out of its pages."""

import re
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parents[2]

_FENCED = re.compile(r"^```.*?^```$", re.M | re.S)
_HEADING = re.compile(r"^#{1,6} (.+)$", re.M)
_LINK = re.compile(r"\[[^\]]*\]\(([^)\s]+)\)")
_CODE = re.compile(r"`([^`\n]+)`")


def pages() -> list[Path]:
    """Every page of documentation."""
    top = [ROOT / "README.md", ROOT / "CHANGELOG.md", ROOT / "tests/README.md"]
    return [*top, *sorted((ROOT / "docs").rglob("*.md"))]


def text(page: str) -> str:
    """A page by its path below the root."""
    return (ROOT / page).read_text("utf-8")


def prose(page: Path) -> str:
    """A page without its fenced blocks."""
    return _FENCED.sub("", page.read_text("utf-8"))


def headings(page: Path) -> list[str]:
    """The titles of a page's sections, as written."""
    return _HEADING.findall(prose(page))


def links(page: Path) -> list[str]:
    """Where a page's links lead, as written."""
    return _LINK.findall(prose(page))


def code(page: Path) -> Iterator[str]:
    """What stands between backquotes outside fenced blocks."""
    return iter(_CODE.findall(prose(page)))


def anchor(heading: str) -> str:
    """The fragment that a heading is linked by."""
    words = re.sub(r"[^\w\- ]", "", heading.lower())
    return words.replace(" ", "-")
