"""What pages point to is there."""

import ast
from pathlib import Path

import pytest

from tests.support import markdown

_OURS = ("ansible/", "edge/", "central/", "proto/", "models/", "docs/", "tests/", "requirements/")


def _name(page: Path) -> str:
    return str(page.relative_to(markdown.ROOT))


every_page = pytest.mark.parametrize("page", markdown.pages(), ids=_name)


@every_page
def test_links_between_pages_lead_somewhere(page: Path) -> None:
    inside = [link for link in markdown.links(page) if "://" not in link]

    broken = [link for link in inside if not _leads_somewhere(page, link)]

    assert broken == []


@every_page
def test_paths_of_the_project_exist(page: Path) -> None:
    named = [
        code.partition(":")[0]
        for code in markdown.code(page)
        if code.startswith(_OURS) and not set(" <>{}…") & set(code)
    ]

    missing = [name for name in named if not list(markdown.ROOT.glob(name.rstrip("/")))]

    assert missing == []


@every_page
def test_functions_named_with_their_file_exist(page: Path) -> None:
    named = [code for code in markdown.code(page) if ".py:" in code]

    missing = [name for name in named if not _is_defined(*name.split(":", 1))]

    assert missing == []


def test_the_life_of_a_page_has_nine_steps_each_with_its_functions() -> None:
    steps = [
        line
        for line in markdown.text("docs/architecture.md").splitlines()
        if line.startswith(tuple(f"| {number} |" for number in range(1, 100)))
    ]

    assert len(steps) == 9
    assert all(".py:" in step for step in steps)


def _leads_somewhere(page: Path, link: str) -> bool:
    path, _, fragment = link.partition("#")
    target = (page.parent / path).resolve() if path else page
    if not target.exists():
        return False
    return not fragment or fragment in map(markdown.anchor, markdown.headings(target))


def _is_defined(file: str, name: str) -> bool:
    path = markdown.ROOT / file
    if not path.is_file():
        return False
    body: list[ast.stmt] = ast.parse(path.read_text("utf-8")).body
    for part in name.split("."):
        found = [node for node in body if _defines(node, part)]
        if not found:
            return False
        body = getattr(found[0], "body", [])
    return True


def _defines(node: ast.stmt, name: str) -> bool:
    if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
        return node.name == name
    if isinstance(node, ast.Assign):
        return any(isinstance(target, ast.Name) and target.id == name for target in node.targets)
    if isinstance(node, ast.AnnAssign):
        return isinstance(node.target, ast.Name) and node.target.id == name
    return False
