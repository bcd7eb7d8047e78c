"""Every code of deliveries has advice in French, and no advice is for a code that is gone."""

import re

import pytest

from central.delivery import views as delivery_views
from tests.support import markdown


def _codes() -> set[str]:
    section = markdown.text("docs/runbook.md").split("\n## Deliveries\n", 1)[1].split("\n## ")[0]
    return set(re.findall(r"^### (\S+)$", section, re.M))


def test_each_code_of_the_runbook_has_its_advice_and_no_other_has() -> None:
    assert _codes() - {"http_<status>"} == set(delivery_views._KNOWN)


@pytest.mark.parametrize(
    ("code", "word"),
    [("http_401", "secret_file"), ("http_503", "Attendez"), ("http_422", "journal")],
)
def test_a_status_is_told_by_what_it_means(code: str, word: str) -> None:
    assert word in delivery_views.advice_for(code).do


def test_a_code_that_nobody_foresaw_is_told_as_such() -> None:
    assert delivery_views.advice_for("later").happened == "Cause inattendue."
