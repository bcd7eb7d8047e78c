"""What the station makes of real sheets: our blanks, filled by program, and others' mail.

The figures on many pages are the bench's (``make bench``); here fewer pages of the same kind keep
them from falling unnoticed.
"""

import fnmatch
from pathlib import Path

import pytest

from edge import config
from edge.imaging.decode import open_source
from edge.imaging.source_file import Limits
from edge.inference.engine import load_engine
from edge.ocr.engine import OcrEngine
from edge.pipeline import page as pipeline_page
from tests.bench import forms, text
from vaguemestre import pack
from vaguemestre.model.document import ImageRef, Layout

pytestmark = [pytest.mark.samples, pytest.mark.slow]

_OURS = {
    "cerfa_12541*.png": "S3110",
    "cerfa_12485*.png": "S3704",
    "cerfa_11626*.pdf": "S3501",
}


@pytest.fixture(scope="module")
def readers() -> OcrEngine:
    return load_engine(config.user_cache_dir())


def _types(path: Path, readers: OcrEngine, most_pages: int = 2) -> list[tuple[str, Layout | None]]:
    recipe = pipeline_page.ReadingContext(
        pack.load(pack.default_dir()).forms, accept_error_rate=0.001
    )
    found = []
    with open_source(path.read_bytes(), Limits()) as source:
        for index in range(min(source.page_count, most_pages)):
            ref = ImageRef(path.name, index, "")
            page = pipeline_page.read_page(source.page(index), ref, recipe, readers, forms.TODAY)
            if page.guesses:
                found.append((page.guesses[0].type, page.layout))
    return found


@pytest.mark.parametrize(("name", "kind"), _OURS.items())
def test_our_real_blanks_are_known_with_their_layout(
    samples: Path, readers: OcrEngine, name: str, kind: str
) -> None:
    (path,) = (samples / "forms").glob(name)
    assert _types(path, readers, 1) == [(kind, Layout.VERIFIED)]


def test_the_real_older_edition_of_a_form_is_not_read_by_the_newer_ones_zones(
    samples: Path, readers: OcrEngine
) -> None:
    recipe = pipeline_page.ReadingContext(
        pack.load(pack.default_dir()).forms, accept_error_rate=0.001
    )
    (path,) = (samples / "blanks").glob("S3704_12485-01*.pdf")
    with open_source(path.read_bytes(), Limits()) as source:
        image = source.page(0)
    page = pipeline_page.read_page(image, ImageRef(path.name, 0, ""), recipe, readers, forms.TODAY)
    assert page.guesses[0].type == "S3704"
    assert page.layout is Layout.UNVERIFIED
    assert not any(field.accepted for field in page.fields)


def test_two_claims_on_one_a3_are_for_a_person(samples: Path, readers: OcrEngine) -> None:
    recipe = pipeline_page.ReadingContext(
        pack.load(pack.default_dir()).forms, accept_error_rate=0.001
    )
    path = samples / "cases" / "12-two-claims-on-a3.tif"
    with open_source(path.read_bytes(), Limits()) as source:
        image = source.page(0)
    page = pipeline_page.read_page(image, ImageRef(path.name, 0, ""), recipe, readers, forms.TODAY)
    assert page.guesses[0].type == "S3110"
    assert "outside_content" in page.marks


@pytest.mark.parametrize("folder", ["forms", "handfilled", "other"])
def test_other_organisations_sheets_are_never_taken_for_ours(
    samples: Path, readers: OcrEngine, folder: str
) -> None:
    for path in sorted((samples / folder).iterdir()):
        is_page = path.suffix in (".png", ".pdf", ".jpg")
        if not is_page or any(fnmatch.fnmatch(path.name, ours) for ours in _OURS):
            continue
        for kind, layout in _types(path, readers):
            assert layout is not Layout.VERIFIED, (path.name, kind)
            assert not (kind[0] == "S" and kind[1:].isdigit()), (path.name, kind)


def test_filled_real_forms_are_read_and_nothing_accepted_is_wrong(
    samples: Path, readers: OcrEngine
) -> None:
    outcome = forms.measure(forms.filled(samples, 8, seed=4), readers)
    assert outcome.types.right == outcome.types.total == 8
    assert outcome.of_kind("nir").right >= 7
    assert outcome.accepted().share > 0.8
    assert [(v.form, v.field.name) for v in outcome.accepted_wrong()] == []


def test_a_real_typed_page_is_read(samples: Path, readers: OcrEngine) -> None:
    page = next(iter(text.typescript(samples)))
    assert text.measure(page, text.ours(readers)).rate < 0.15
