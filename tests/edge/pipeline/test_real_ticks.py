"""Ticks on given pages: pale pencil on a form of ours."""

from pathlib import Path

import pytest

from edge import config
from edge.imaging.decode import open_source
from edge.imaging.source_file import Limits
from edge.inference.engine import load_engine
from edge.pipeline import page as pipeline_page
from tests.bench import forms
from vaguemestre import pack
from vaguemestre.model.document import ImageRef

pytestmark = [pytest.mark.samples, pytest.mark.slow]

_CROSSED = {"illness", "ald", "maternity", "work_accident", "direct_access"}


def test_crosses_in_pale_pencil_are_ticks_or_for_a_person(samples: Path) -> None:
    recipe = pipeline_page.ReadingContext(
        pack.load(pack.default_dir()).forms, accept_error_rate=0.001
    )
    readers = load_engine(config.user_cache_dir())
    with open_source((samples / "cases/23-pale-ticks.jpg").read_bytes(), Limits()) as source:
        page = pipeline_page.read_page(
            source.page(0), ImageRef("23", 0, ""), recipe, readers, forms.TODAY
        )
    form = recipe.forms[page.guesses[0].type]
    fields = {field.name: field for field in page.fields}
    ticks = [spec.name for spec in form.fields if spec.kind.value == "tick"]

    assert form.type == "S3110"
    assert len(ticks) == 18
    for name in ticks:
        if fields[name].accepted:
            assert fields[name].value == ("true" if name in _CROSSED else "false"), name
    # Illness, maternity and an accident exclude each other: nothing of that is accepted.
    assert not any(fields[name].accepted for name in ("illness", "maternity", "work_accident"))
    assert sum(fields[name].accepted for name in ticks) >= 12
