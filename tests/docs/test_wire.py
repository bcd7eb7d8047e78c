"""docs/wire.md tells the limits and codes that the two ends hold each other to."""

import re

import pytest

from central.config import Intake
from central.errors import CentralError
from central.intake.server import STATUS_OF
from central.intake.stream import _ABOUT_ONE_THING
from edge.uplink import messages as told_by_stations
from edge.uplink import sender
from tests.support import markdown
from vaguemestre.model import limits

_TEXT = markdown.text("docs/wire.md")
_TOLD = {name: int(value) for name, value in re.findall(r"^\| `(\w+)` \| ([\d_]+) \|", _TEXT, re.M)}


def test_every_limit_of_a_message_is_told_with_its_number() -> None:
    fixed = {name: getattr(limits, name) for name in dir(limits) if name.startswith("MAX_")}

    assert {name: told for name, told in _TOLD.items() if name.startswith("MAX_")} == fixed


def test_the_defaults_of_the_settings_are_told() -> None:
    settings = {name: told for name, told in _TOLD.items() if not name.startswith("MAX_")}

    assert settings == {name: Intake.model_fields[name].default for name in settings}


@pytest.mark.parametrize("error", _ABOUT_ONE_THING)
def test_every_code_of_a_refusal_is_told_with_its_permanence(error: type[CentralError]) -> None:
    rule = next(line for line in _TEXT.split("\n21. ", 1)[1].split("\n22. ")[:1])
    permanent, _, for_now = rule.partition("are permanent;")

    assert f"`{error.code}`" in (permanent if error.permanent else for_now)


def test_every_status_that_ends_a_stream_is_told() -> None:
    table = "\n".join(line for line in _TEXT.splitlines() if line.startswith("| `"))

    for status in {*STATUS_OF.values(), *sender._REFUSALS}:
        assert f"`{status.name}`" in table


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (sender._REFUSED_FOR_NOW_S, "again after {:.0f} s"),
        (sender._REFUSED_LOT_S, "again after {:.0f} s"),
        (sender._SILENT_S, "for {:.0f} s is given up"),
        (sender._FAREWELL_S, "waits up to {:.0f} s"),
    ],
)
def test_the_pauses_of_a_station_are_told(seconds: float, words: str) -> None:
    assert words.format(seconds) in _TEXT


def test_the_mark_of_a_page_without_its_text_is_told() -> None:
    assert f"`{told_by_stations.TEXT_LEFT_OUT}`" in _TEXT
