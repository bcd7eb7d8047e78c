"""docs/runbook.md has a heading for every code, and for none that is gone."""

import re
from collections.abc import Iterator

from central.errors import CentralError
from edge.errors import EdgeError
from tests.support import markdown, source

_PAGE = markdown.ROOT / "docs/runbook.md"
_OUTCOMES = ("Rejected", "Unavailable", "PackageUnavailable", "OtherContent")

Error = type[EdgeError] | type[CentralError]


def _tree(root: Error) -> Iterator[Error]:
    yield root
    for below in root.__subclasses__():
        yield from _tree(below)


def _codes_of_errors() -> set[str]:
    return {error.code for error in _errors()}


def _errors() -> list[Error]:
    return [*_tree(EdgeError), *_tree(CentralError)]


def _codes_of_deliveries() -> set[str]:
    outcomes = source.texts_handed_to("central", _OUTCOMES, 0)
    pairs = source.pairs("central")
    reasons = {code for code, reason in pairs if code.isidentifier() and " " in reason}
    return {code.replace("{code}", "<status>") for code in outcomes | reasons}


def _told() -> list[str]:
    return re.findall(r"^### (\S+)$", _PAGE.read_text("utf-8"), re.M)


def test_every_code_has_one_heading_and_no_heading_is_stale() -> None:
    assert sorted(_told()) == sorted(_codes_of_errors() | _codes_of_deliveries())


def test_every_heading_says_what_happened_and_what_to_do() -> None:
    _, *sections = re.split(r"^### ", _PAGE.read_text("utf-8"), flags=re.M)

    short = [s.split()[0] for s in sections if "**What happened.**" not in s or "**Do.**" not in s]

    assert short == []


def test_exit_codes_are_told() -> None:
    text = _PAGE.read_text("utf-8")
    for error in _errors():
        if error.exit_code > 1:
            section = text.split(f"### {error.code}\n", 1)[1].split("\n### ", 1)[0].lower()
            assert f"exit code {error.exit_code}" in section, error.code
