"""docs/decisions says why each dependency is there, and of no other."""

import re
import tomllib

from tests.support import markdown

_PAGE = markdown.ROOT / "docs/decisions/0002-dependencies.md"


def _declared() -> set[str]:
    project = tomllib.loads(markdown.text("pyproject.toml"))["project"]
    names = set(project["dependencies"]).union(*project["optional-dependencies"].values())
    lines = markdown.text("requirements/dev.in").splitlines()
    return names | {line for line in lines if line and not line.startswith(("-", "#"))}


def _justified() -> dict[str, str]:
    return dict(
        re.findall(r"^\| `([\w-]+)` \| [a-z, ]+ \| (.+) \|$", _PAGE.read_text("utf-8"), re.M)
    )


def test_every_dependency_has_its_line_and_no_line_is_stale() -> None:
    assert set(_justified()) == _declared()


def test_no_two_decisions_have_one_number() -> None:
    numbers = [page.name[:4] for page in (markdown.ROOT / "docs/decisions").glob("*.md")]

    assert len(set(numbers)) == len(numbers)
