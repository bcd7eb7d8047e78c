"""docs/decisions says why each dependency is there, and of no other."""

import re
import tomllib

from tests.support import markdown

_PAGE = markdown.ROOT / "docs/decisions/0002-dependencies.md"


def _declared() -> set[str]:
    project = tomllib.loads(markdown.text("pyproject.toml"))["project"]
    names = set(project["dependencies"]).union(*project["optional-dependencies"].values())
    lines = [
        line
        for part in ("dev.in", "train.in", "torch.txt")
        for line in markdown.text(f"requirements/{part}").splitlines()
        if re.match(r"[a-z]", line) and not line.endswith("# for torch")
    ]
    return names | {re.split(r"[=\s]", line)[0] for line in lines}


def _justified() -> dict[str, str]:
    return dict(
        re.findall(r"^\| `([\w-]+)` \| [a-z, ]+ \| (.+) \|$", _PAGE.read_text("utf-8"), re.M)
    )


def test_every_dependency_has_its_line_and_no_line_is_stale() -> None:
    assert set(_justified()) == _declared()


def test_no_two_decisions_have_one_number() -> None:
    numbers = [page.name[:4] for page in (markdown.ROOT / "docs/decisions").glob("*.md")]

    assert len(set(numbers)) == len(numbers)
