"""docs/destinations.md tells applications what they really receive and may answer."""

import datetime as dt
import json
import re
import uuid

import pytest

from central.delivery import content
from central.delivery.rules import Claim, Delivery
from central.delivery.targets import base
from central.delivery.targets import folder as folder_target
from central.documents import rules as documents_rules
from central.documents.rules import DeliverableDocument
from central.returns import folder
from central.returns import views as door
from tests.support import markdown

_TEXT = markdown.text("docs/destinations.md")
_ID = uuid.UUID("0197a3c4-0000-7000-8000-000000000001")
_DOCUMENT = DeliverableDocument(
    id=_ID,
    type="courrier",
    type_confidence=1.0,
    runner_up=None,
    layout=None,
    route="straight",
    route_reasons=(),
    pole="",
    process="",
    site="la-rochelle",
    station="poste-1",
    channel="scanner",
    lot_id=_ID,
    lot_name="LOT1",
    position=0,
    fund="17",
    received_at=dt.datetime(2026, 3, 2, tzinfo=dt.UTC),
    received_on=dt.date(2026, 3, 2),
    due_on=None,
    retention="",
    priority=0,
    marks=(),
    versions={},
    pages=(),
    fields=(),
)


def _section(title: str) -> str:
    return re.split(r"^#{2,3} ", _TEXT.split(f"# {title}\n", 1)[1], maxsplit=1, flags=re.M)[0]


def test_every_key_of_a_package_is_told_in_its_order() -> None:
    claim = Claim(_ID, "A", f"{_ID}-A-1", "w", 1, False)
    told = content.told(Delivery(claim, _DOCUMENT), [], (), content.FORMAT)
    rows = re.findall(r"^\| (`\w+`(?:, `\w+`)*) \|", _section("The package"), re.M)

    assert [name for row in rows for name in re.findall(r"`(\w+)`", row)] == list(told)


def test_every_cause_of_a_return_is_told_and_no_other() -> None:
    told = re.findall(r"^\| `(\w+)` \|", _section("Giving a document back"), re.M)

    assert told == [cause.value for cause in documents_rules.ReturnCause]


def test_the_example_of_a_note_is_understood() -> None:
    (example,) = re.findall(r"```json\n(.+?)\n```", _section("By folder"), re.S)
    told = json.loads(example)

    assert documents_rules.read_note(told["cause"], told["comment"]) is not None


@pytest.mark.parametrize(
    "words",
    [
        f"`{folder._NOTE}`",
        f"`{folder._DONE}`",
        f"`{folder._ODD}`",
        f"{folder_target._DRAFTS}/",
        f"{folder_target._LEDGER}/",
        f"`{content.FORMAT}`",
        f"`{content.FORMER}`",
        f"first {base._MAX_RECEIPT} characters",
        f"up to {documents_rules.MAX_COMMENT_CHARACTERS} characters",
        f"{door._MAX_BYTES:,}",
    ],
)
def test_names_and_limits_are_told(words: str) -> None:
    assert words in " ".join(_TEXT.split())
