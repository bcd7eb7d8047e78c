"""``vaguemestre-edge read --json`` answers as it did."""

import json
from pathlib import Path

from jsonschema import Draft202012Validator

from tests.compat import golden, reading

_SCHEMA = Path(__file__).parents[2] / "docs/read.schema.json"


def test_the_answer_is_the_same() -> None:
    golden.demand_same("read.json", reading.answer())


def test_the_kept_answer_is_as_its_schema_says() -> None:
    schema = json.loads(_SCHEMA.read_text("utf-8"))

    Draft202012Validator(schema).validate(json.loads(golden.read("read.json")))
