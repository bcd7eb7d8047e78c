"""What people read is French: plurals, types and values without codes."""

import pytest

from central.pack import load_plan
from central.web import formats, labels
from edge.pipeline import routing
from edge.spool.joining import CONTINUATION, PROBABLY_SPLIT
from vaguemestre import pack


@pytest.mark.parametrize(
    ("count", "words", "told"),
    [
        (0, "livraison retenue", "0\u00a0livraison retenue"),
        (1, "livraison retenue", "1\u00a0livraison retenue"),
        (2, "livraison retenue", "2\u00a0livraisons retenues"),
        (1200, "document remis", "1\u202f200\u00a0documents remis"),
    ],
)
def test_each_word_takes_its_plural(count: int, words: str, told: str) -> None:
    assert formats.counted(count, words) == told


@pytest.mark.parametrize(
    ("value", "told"),
    [("2026-03-20", "20/03/2026"), ("true", "cochée"), ("255081416802538", "255081416802538")],
)
def test_a_value_is_shown_as_on_paper(value: str, told: str) -> None:
    assert formats.field_value(value) == told


@pytest.mark.parametrize(
    ("index", "told"),
    [
        (0, "1"),
        (11, "12"),
        (100_000, "pièce jointe 1, page 1"),
        (300_002, "pièce jointe 3, page 3"),
    ],
)
def test_a_page_of_an_attached_file_is_named_as_one(index: int, told: str) -> None:
    assert labels.page_of(index) == told


@pytest.mark.parametrize(
    ("code", "told"),
    [
        ("S3110", "S3110"),
        ("misdirected", "autre organisme"),
        ("bulletin_salaire", "bulletin salaire"),
    ],
)
def test_a_type_is_named_without_its_code(code: str, told: str) -> None:
    assert labels.kind(code) == told


def test_every_retention_rule_of_the_plan_has_its_words() -> None:
    entries = load_plan(pack.default_dir()).types.values()
    rules = {entry.retention for entry in entries}
    assert rules
    assert all(labels.retention(rule) != rule for rule in rules)


def test_every_mark_of_a_page_or_document_that_people_see_has_its_words() -> None:
    of_pages = {"border", "bitonal_twin", "dpi_assumed", "resampled", "colormap_repaired"}
    of_routes = routing.MARKS_TO_NAME | routing.FOR_A_PERSON
    for mark in of_pages | of_routes | {CONTINUATION, PROBABLY_SPLIT}:
        assert labels.reason(mark) != mark
