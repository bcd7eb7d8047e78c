"""The guides tell every command, option, message, reason and metric, and none that is gone."""

import argparse
import re

import pytest

from central import cli as central_cli
from central.web import labels
from edge.cli import main as edge_cli
from edge.errors import EdgeError, ReadingError, SourceAbsent, SourceFailed, SpoolCorrupt, SpoolFull
from edge.spool.values import OperatorState
from tests.support import markdown, metrics, source

_OPERATOR = markdown.text("docs/guide-operateur.md")
_OPERATIONS = markdown.text("docs/guide-exploitant.md")
_BOTH = _OPERATOR + _OPERATIONS
_PARSERS = (edge_cli.build_parser(), central_cli._parser())


def _commands(parser: argparse.ArgumentParser) -> dict[str, argparse.ArgumentParser]:
    (subparsers,) = (a for a in parser._actions if isinstance(a, argparse._SubParsersAction))
    return dict(subparsers.choices)


@pytest.mark.parametrize("parser", _PARSERS, ids=lambda parser: parser.prog)
def test_every_command_is_told_with_its_options(parser: argparse.ArgumentParser) -> None:
    for name, command in _commands(parser).items():
        alone = rf"`{parser.prog} {name}\b|^{parser.prog} {name}\b"
        listed = rf"`{parser.prog} \w+`(?:, `\w+`)*, `{name}`"
        assert re.search(f"{alone}|{listed}", _BOTH, re.M), name
        options = {o for action in command._actions for o in action.option_strings if len(o) > 2}
        for option in options - {"--help"}:
            assert re.search(rf"{option}\b", _BOTH), f"{name} {option}"


def test_no_command_is_told_that_is_gone() -> None:
    options = {"--config"}
    for parser in _PARSERS:
        told = set(re.findall(rf"{parser.prog} ([a-z][a-z-]+)", _BOTH))
        assert told <= set(_commands(parser)), told
        for command in _commands(parser).values():
            options |= {o for action in command._actions for o in action.option_strings}
    assert set(re.findall(r"--[a-z][a-z-]+", _BOTH)) <= options


_TOLD_TO_OPERATORS: tuple[type[EdgeError], ...] = (
    *(SpoolFull, SpoolCorrupt, SourceAbsent, SourceFailed, EdgeError),
    *ReadingError.__subclasses__(),
)


@pytest.mark.parametrize("error", _TOLD_TO_OPERATORS, ids=lambda error: error.code)
def test_every_reason_that_operators_read_is_explained(error: type[EdgeError]) -> None:
    assert f"« {error.reason} »" in _OPERATOR


def test_what_the_station_says_of_waiting_lots_is_explained() -> None:
    modules = ("edge/sources/folder/readiness.py", "edge/sources/folder/source.py")
    said = [
        text
        for module in modules
        for text in source.texts(module)
        if re.fullmatch(r"(L[ea]|Prise) .+\.", text)
    ]

    assert said
    for words in said:
        assert f"« {words} »" in _OPERATOR, words


def test_every_state_of_a_lot_is_told() -> None:
    for state in OperatorState:
        assert f"`LOT0012 - {state.value}" in _OPERATOR


def test_every_reason_why_a_document_waits_is_told_and_no_other() -> None:
    told = dict(re.findall(r"^\| ([^|`]+) \| `(\w+)` \| [^|]+ \|$", _OPERATIONS, re.M))

    assert {code: words for words, code in told.items()} == labels._REASONS


def _documented(prefix: str) -> set[str]:
    section = _OPERATIONS.split(f"(`{prefix}_…`)", 1)[1].split("\n\n", 1)[0]
    rows = re.findall(r"^\| (`[^|]+`) \|", section, re.M)
    return {f"{prefix}_{name}" for row in rows for name in re.findall(r"`(\w+)`", row)}


def test_every_metric_of_a_station_is_told_and_no_other() -> None:
    assert _documented("vaguemestre_edge") == metrics.of_a_station()


def test_every_metric_of_the_centre_is_told_and_no_other() -> None:
    assert _documented("vaguemestre_central") == metrics.of_the_centre()
