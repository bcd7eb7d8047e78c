"""Odd files through real reading processes: what they show, and that nothing doubtful passes."""

from pathlib import Path

import cv2
import numpy as np
import pikepdf
import pytest

from edge.pipeline.workers import Workers
from edge.results import LotResult
from tests.edge.imaging import test_pdf_pages as pdfs
from tests.edge.imaging.test_quality import carbon, faintly
from tests.support import paper, pictures, reading, tiffs
from vaguemestre.model.document import PageRole, RouteKind


def read(workers: Workers, folder: Path, name: str, data: bytes) -> LotResult:
    path = folder / name
    path.write_bytes(data)
    return reading.read(workers, path)


def pages(result: LotResult) -> list[tuple[int, PageRole, tuple[str, ...]]]:
    return [(p.ref.index, p.role, p.marks) for d in result.documents for p in d.pages]


def test_a_negative_is_read_turned_over_and_seen_by_a_person(
    workers: Workers, tmp_path: Path
) -> None:
    letter = paper.bitonal(paper.text(paper.sheet()))
    data = pictures.tiff(pictures.bitonal(255 - letter), compression="group4", dpi=(200, 200))
    result = read(workers, tmp_path, "negative.tif", data)
    ((_, role, marks),) = pages(result)
    (document,) = result.documents
    assert (role, "negative" in marks) == (PageRole.FRONT, True)
    assert document.route.kind is not RouteKind.STRAIGHT
    assert "remboursement" in document.pages[0].text.lower()


def test_a_carbon_copy_is_no_blank_and_seen_by_a_person(workers: Workers, tmp_path: Path) -> None:
    copy = faintly(carbon(12, 0.9, 2), 14, 3.0, 0.1)
    data = pictures.encoded(copy, "PNG", dpi=(200, 200))
    result = read(workers, tmp_path, "copie.png", data)
    ((_, role, marks),) = pages(result)
    assert (role, "faint" in marks) == (PageRole.FRONT, True)
    assert result.documents[0].route.kind is not RouteKind.STRAIGHT


def test_previews_are_neither_pages_nor_documents(workers: Workers, tmp_path: Path) -> None:
    letter = paper.text(paper.sheet())
    small = np.asarray(cv2.resize(letter, None, fx=0.1, fy=0.1, interpolation=cv2.INTER_AREA))
    height, width = letter.shape
    full = tiffs.stripped(tiffs.page(width, height, dpi=(200, 200)), [letter.tobytes()], height)
    preview = tiffs.stripped(
        {**tiffs.page(small.shape[1], small.shape[0], dpi=(20, 20)), 254: [1]},
        [small.astype(np.uint8).tobytes()],
        small.shape[0],
    )
    result = read(workers, tmp_path, "apercus.tif", tiffs.compose(full, preview, full, preview))
    assert [index for index, *_ in pages(result)] == [0, 2]
    assert result.set_aside == ()


def test_a_portfolio_s_files_are_documents_and_its_damaged_one_is_told(
    workers: Workers, tmp_path: Path
) -> None:
    letter = pictures.encoded(paper.text(paper.sheet()), "JPEG", dpi=(200, 200))
    files = (("a.jpg", letter), ("b.tif", b"II*\0\0\0\0\0"), ("c.jpg", letter))
    data = pdfs.with_attached(*files, portfolio=True)
    result = read(workers, tmp_path, "porte-documents.pdf", data)
    assert [index for index, *_ in pages(result)] == [100_000, 300_000]
    assert [(aside.page, aside.code) for aside in result.set_aside] == [(200_000, "no_page")]


def test_a_form_that_only_asks_to_wait_is_named_by_a_person(
    workers: Workers, tmp_path: Path
) -> None:
    data = pdfs.waiting(needs_rendering=False)
    (document,) = read(workers, tmp_path, "attente.pdf", data).documents
    assert document.route.kind is RouteKind.NAME
    assert "placeholder" in document.route.reasons


def test_facts_are_told_by_confined_processes_as_well(workers: Workers, tmp_path: Path) -> None:
    """The unit of a page comes from a library that a confined process must be able to use."""
    drawn = pdfs.Drawn((297.5, 421))
    drawn.put(drawn.image(1654, 2339), pdfs.over_all((297.5, 421)))
    drawn.content += b"0 g BT /F1 12 Tf 40 300 Td (Madame, Monsieur,) Tj ET"
    drawn.page.UserUnit = 2
    result = read(workers, tmp_path, "unite.pdf", drawn.bytes())
    (page,) = [page for document in result.documents for page in document.pages]
    assert (page.width_mm, page.height_mm) == pytest.approx((210, 297), abs=1)


@pytest.mark.samples
@pytest.mark.slow
@pytest.mark.parametrize(
    ("name", "indices", "kind", "reason"),
    [
        ("01-old-style-jpeg-grey.tif", [0], RouteKind.STRAIGHT, None),
        ("02-capture-tag-7.tif", [0], RouteKind.STRAIGHT, None),
        ("03-thumbnail-directories.tif", [0], RouteKind.STRAIGHT, None),
        ("04-negative.tif", [0], RouteKind.KEY, "negative"),
        ("06-compact.pdf", [0], RouteKind.STRAIGHT, None),
        ("07-letterhead.pdf", [0], RouteKind.KEY, "type_for_a_person"),
        ("09-portfolio.pdf", [100_000], RouteKind.STRAIGHT, None),
        ("11-userunit-2.pdf", [0], RouteKind.STRAIGHT, None),
        ("13-carbon-form.jpg", [0], RouteKind.KEY, "faint"),
        ("13-carbon-letter.jpg", [0], RouteKind.KEY, "faint"),
    ],
)
def test_each_file_of_the_mail_is_read_or_for_a_person(
    samples: Path,
    workers: Workers,
    name: str,
    indices: list[int],
    kind: RouteKind,
    reason: str | None,
) -> None:
    result = reading.read(workers, samples / "cases" / name)
    (document,) = result.documents
    assert [page.ref.index for page in document.pages] == indices
    assert document.route.kind is kind
    if reason is not None:
        assert reason in document.route.reasons
        assert not any(field.accepted for field in document.fields)


@pytest.mark.samples
@pytest.mark.slow
@pytest.mark.parametrize("name", ["32-hybrid-xfa.pdf", "33-typed-acroform.pdf"])
def test_what_was_typed_into_a_form_is_read(samples: Path, workers: Workers, name: str) -> None:
    path = samples / "cases" / name
    (document,) = reading.read(workers, path).documents
    with pikepdf.open(path) as pdf:
        typed = {str(field.T): str(field.V) for field in pdf.Root.AcroForm.Fields}
    found = {field.name: field.value for field in document.fields if field.accepted}
    for wanted in ("insured_surname", "nir", "beneficiary_given_names"):
        assert found[wanted] == typed[wanted]


@pytest.mark.samples
def test_a_dynamic_form_is_set_aside(samples: Path, workers: Workers) -> None:
    result = reading.read(workers, samples / "cases" / "10-dynamic-xfa.pdf")
    assert (result.documents, [a.code for a in result.set_aside]) == ((), ["pdf_dynamic_form"])
