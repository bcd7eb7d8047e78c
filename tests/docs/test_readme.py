"""README.md, CHANGELOG.md and tests/README.md agree with the Makefile and the tree."""

import ast
import re
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support import markdown

_README = markdown.text("README.md")
_PROJECT = tomllib.loads(markdown.text("pyproject.toml"))
_TESTS = markdown.ROOT / "tests"
_OUTSIDE = frozenset(
    {
        *("httpx", "playwright", "socket", "sqlalchemy", "subprocess", "tempfile"),
        *("threading", "time", "multiprocessing"),
    }
)
_DATABASE = frozenset({"engine", "database_url", "postgres", "post", "console"})


def _targets() -> set[str]:
    return set(re.findall(r"^([a-z]+):.*##", markdown.text("Makefile"), re.M))


def test_the_test_command_is_make_test_alone() -> None:
    section = _README.split("## Test it\n", 1)[1]
    (command,) = re.findall(r"^```\n(.+?)\n```$", section.split("\n## ")[0], re.M | re.S)

    assert command == "make test"


def test_every_make_target_that_is_told_exists() -> None:
    told = set(
        re.findall(r"\bmake ([a-z]+)\b`|^make ([a-z]+)$|`[A-Z]+=\S+ make ([a-z]+)`", _README, re.M)
    )

    assert {"demo", "test", "lint"} <= {name for names in told for name in names}
    assert {name for names in told for name in names if name} <= _targets()


def test_every_figure_names_the_command_that_prints_it() -> None:
    section = _README.split("## What was measured\n", 1)[1].split("\n## ", 1)[0]
    rows = [line for line in section.splitlines() if line.startswith("| ")][1:]
    commands = re.findall(r"\| `python -m tests\.bench (\w+)` \| \[", section)

    assert len(commands) == len(rows)
    assert all((_TESTS / "bench" / f"{name}.py").is_file() for name in commands)


def test_readme_is_one_screen() -> None:
    assert len(_README.splitlines()) <= 80


def test_the_changelog_begins_with_this_version() -> None:
    versions = re.findall(r"^## \[([\d.]+)\]", markdown.text("CHANGELOG.md"), re.M)

    assert versions[0] == _PROJECT["project"]["version"]


def test_every_folder_and_marker_is_told_and_no_other() -> None:
    text = markdown.text("tests/README.md")
    table = text.split("| Folder |", 1)[1].split("\n\n", 1)[0]
    folders = {path.name for path in _TESTS.iterdir() if path.is_dir() and path.name[0] != "_"}
    markers = _PROJECT["tool"]["pytest"]["ini_options"]["markers"]

    assert set(re.findall(r"^\| `(\w+)` \|", table, re.M)) == folders
    for marker in markers:
        assert f"| `{marker.partition(':')[0]}` |" in text


@pytest.mark.parametrize("side", ["edge", "central"])
def test_a_folder_of_tests_has_the_name_of_what_it_tests(side: str) -> None:
    tested = {path.name for path in (markdown.ROOT / side).iterdir() if path.is_dir()}
    folders = {path.name for path in (_TESTS / side).iterdir() if path.is_dir()}

    assert {name for name in folders if name[0] != "_"} <= tested


def _asks(path: Path) -> Iterator[str]:
    """What a file imports, by its first name, and the fixtures that its tests ask for."""
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        match node:
            case ast.Import(names=names):
                yield from (one.name.partition(".")[0] for one in names)
            case ast.ImportFrom(module=str(module)):
                yield module.partition(".")[0]
            case ast.arg(arg=name):
                yield name


@pytest.mark.parametrize(
    ("name", "forbidden"),
    [
        ("test_rules.py", _OUTSIDE | _DATABASE | {"tmp_path", "sqlite3"}),
        ("test_properties.py", _OUTSIDE | _DATABASE),
        ("test_store.py", frozenset({"playwright", "browser"})),
    ],
)
def test_the_name_of_a_file_says_what_it_uses(name: str, forbidden: frozenset[str]) -> None:
    asked = {str(path): forbidden.intersection(_asks(path)) for path in _TESTS.rglob(name)}

    assert asked
    assert {path: names for path, names in asked.items() if names} == {}
