"""README.md, CHANGELOG.md and tests/README.md agree with the Makefile and the tree."""

import re
import tomllib

from tests.support import markdown

_README = markdown.text("README.md")
_PROJECT = tomllib.loads(markdown.text("pyproject.toml"))


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

    assert {"demo", "test", "lint", "bench"} <= {name for names in told for name in names}
    assert {name for names in told for name in names if name} <= _targets()


def test_the_place_of_the_measured_figures_is_there_once() -> None:
    assert re.search(
        r"## What was measured\n\n<!-- measured -->\n(.*\n)?<!-- /measured -->", _README, re.S
    )
    assert _README.count("<!-- measured -->") == _README.count("<!-- /measured -->") == 1


def test_the_changelog_begins_with_this_version() -> None:
    versions = re.findall(r"^## \[([\d.]+)\]", markdown.text("CHANGELOG.md"), re.M)

    assert versions[0] == _PROJECT["project"]["version"]


def test_every_tier_and_marker_is_told() -> None:
    text = markdown.text("tests/README.md")
    tiers = {path.name for path in (markdown.ROOT / "tests").iterdir() if path.is_dir()}
    options = _PROJECT["tool"]["pytest"]["ini_options"]

    for name in {tier for tier in tiers if not tier.startswith("__")}:
        assert f"`{name}`" in text
    for marker in options["markers"]:
        assert f"| `{marker.partition(':')[0]}` |" in text
