"""The blank sheets of a known form are measured into its file, as a fund does once."""

import shutil
from collections.abc import Sequence
from pathlib import Path

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from edge.classification.registration import Registration
from edge.cli.main import main
from edge.extraction import tick_blank
from edge.extraction import ticks as extraction_ticks
from edge.ocr.engine import Gray
from models.training.drawing import forms as drawn_forms
from vaguemestre import pack
from vaguemestre.model import forms
from vaguemestre.model.forms import FieldKind, FormDefinition

pytestmark = pytest.mark.slow
DPI = 200


def printing_number(seen: Sequence[Gray], blanks: Sequence[Sequence[Gray]]) -> int | None:
    found = tick_blank.printing(seen, blanks)
    return None if found is None else found.number


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A fund's own forms, and scans: S3501's blank turned, the same marked, another form's."""
    shutil.copy(pack.default_dir() / "forms" / "S3501.toml", tmp_path)
    form, sheet = shipped()
    size = (sheet.shape[1], sheet.shape[0])
    turn = cv2.getRotationMatrix2D((size[0] / 2, size[1] / 2), 0.8, 1.0)
    turned = cv2.warpAffine(sheet, turn, size, borderValue=(255.0,))
    save(tmp_path / "vierge.png", np.asarray(turned, np.uint8))
    for spec in ticks_of(form):
        box = extraction_ticks.boxes_of(spec)[0]
        left, top, right, bottom = (
            round(mm / 25.4 * DPI)
            for mm in (box.left, box.top, box.left + box.width, box.top + box.height)
        )
        cv2.line(sheet, (left, top), (right, bottom), 30, 4)
    save(tmp_path / "rempli.png", sheet)
    other = pack.load(pack.default_dir()).forms["S3110"]
    save(tmp_path / "autre.png", drawn_forms.blank(other, DPI))
    return tmp_path


def shipped() -> tuple[FormDefinition, NDArray[np.uint8]]:
    form = pack.load(pack.default_dir()).forms["S3501"]
    return form, drawn_forms.blank(form, DPI)


def ticks_of(form: FormDefinition) -> list[forms.FieldSpec]:
    return [spec for spec in form.fields if spec.kind is FieldKind.TICK]


def save(path: Path, page: NDArray[np.uint8]) -> None:
    Image.fromarray(np.ascontiguousarray(page)).save(path, dpi=(DPI, DPI))


def test_a_scanned_blank_is_found_again_on_a_page_of_its_form(folder: Path) -> None:
    scan = str(folder / "vierge.png")
    assert main(["enrol", "S3501", scan, "--blanks", "--output", str(folder)]) == 0
    form = forms.parse_form("S3501.toml", (folder / "S3501.toml").read_text("utf-8"))
    _, sheet = shipped()
    px = sheet.shape[1] / form.width_mm
    where = Registration(np.array([[px, 0.0, 0.0], [0.0, px, 0.0]]))
    ticks = ticks_of(form)
    assert [len(spec.blanks) for spec in ticks] == [1] * len(ticks)
    seen = [extraction_ticks.wider(sheet, where, extraction_ticks.boxes_of(spec)) for spec in ticks]
    blanks = [[tick_blank.unpacked(text) for text in spec.blanks] for spec in ticks]
    assert printing_number(seen, blanks) == 0
    places = [tick_blank.place(one, some[0]) for one, some in zip(seen, blanks, strict=True)]
    far = [max(abs(place.x), abs(place.y)) for place in places if place is not None]
    assert len(far) == len(ticks)
    assert max(far) <= 2


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["S3501", "rempli.png"], "n'est pas vide"),
        (["S3501", "autre.png"], "ne se superpose pas"),
        (["S9999", "vierge.png"], "n'existe pas"),
        (["../S3501", "vierge.png"], "n'existe pas"),
        (["S3501", *["vierge.png"] * 6], "1 à 5 exemples"),
    ],
)
def test_what_is_no_blank_of_the_form_changes_nothing(
    arguments: list[str],
    said: str,
    folder: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(folder)
    before = (folder / "S3501.toml").read_bytes()
    assert main(["enrol", *arguments, "--blanks", "--output", "."]) == 2
    assert said in capsys.readouterr().err
    assert (folder / "S3501.toml").read_bytes() == before
