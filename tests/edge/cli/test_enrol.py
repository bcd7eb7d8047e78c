"""A form that nobody ever trained on is enrolled from a sample, then known when it comes filled."""

from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from edge.classification import printed_text, registration
from edge.cli.main import main
from edge.ocr.engine import OcrEngine
from edge.ocr.lines import read_fast
from edge.pipeline import upright
from edge.results import TextLine
from models.training.drawing import forms as drawn_forms
from tests.support import drawn_form
from vaguemestre import pack
from vaguemestre.model import forms
from vaguemestre.model.document import Layout
from vaguemestre.model.forms import FieldKind

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def enrolled(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder in which the drawn form was enrolled from its blank, scanned upside down."""
    folder = tmp_path_factory.mktemp("enrolled")
    _save(folder / "vierge.png", np.rot90(drawn_form.blank(), 2))
    code = main(["enrol", "S9876", str(folder / "vierge.png"), "--output", str(folder)])
    assert code == 0
    return folder


def _save(path: Path, page: NDArray[np.uint8]) -> None:
    Image.fromarray(np.ascontiguousarray(page)).save(path, dpi=(drawn_form.DPI, drawn_form.DPI))


def _form(folder: Path) -> forms.FormDefinition:
    return forms.parse_form("S9876.toml", (folder / "S9876.toml").read_text("utf-8"))


def _upright(
    page: NDArray[np.uint8], readers: OcrEngine
) -> tuple[NDArray[np.uint8], tuple[TextLine, ...]]:
    made = upright.make_upright(page, drawn_form.DPI, readers, {})
    return made.gray, read_fast(made.gray, made.quads, readers).improved(readers).lines()


def test_what_was_written_parses_and_holds_what_is_printed(enrolled: Path) -> None:
    form = _form(enrolled)

    assert form.layout is Layout.UNVERIFIED
    assert form.title == "demande de carte de peche annuelle"
    assert len(form.anchors) >= 8
    combs = [spec for spec in form.fields if spec.cells_mm]
    assert [(spec.kind, len(spec.cells_mm)) for spec in combs] == [(FieldKind.DATE, 8)]
    (tick,) = (spec for spec in form.fields if spec.kind is FieldKind.TICK)
    assert tick.name == "premiere_inscription"
    assert any(spec.name == "nom_et_prenom" and spec.box_mm for spec in form.fields)


def test_zones_lie_where_they_were_drawn_though_the_sample_lay_upside_down(enrolled: Path) -> None:
    (comb,) = (spec for spec in _form(enrolled).fields if spec.cells_mm)

    for found, drawn in zip(comb.cells_mm, drawn_form.COMB, strict=True):
        assert abs(found.left - drawn.left) < 0.6
        assert abs(found.top + found.height - drawn.top - drawn.height) < 0.8


def test_the_picture_of_the_zones_opens(enrolled: Path) -> None:
    with Image.open(enrolled / "S9876.png") as picture:
        assert picture.width > 1000
        colours = np.asarray(picture.convert("RGB")).reshape(-1, 3)
    assert (np.abs(colours.astype(int) - (210, 40, 40)).max(axis=1) < 3).sum() > 200  # the comb


@pytest.mark.parametrize("seed", [1, 2])
def test_a_filled_and_degraded_copy_is_recognised_and_registered(
    enrolled: Path, readers: OcrEngine, seed: int
) -> None:
    known = {**pack.load(pack.default_dir()).forms, "S9876": _form(enrolled)}
    gray, lines = _upright(drawn_form.filled(seed), readers)
    guess = printed_text.classify(lines, known)

    assert guess.guesses[0].type == "S9876"
    assert guess.guesses[0].confidence > 0.9
    where = registration.register(gray, drawn_form.DPI, lines, known["S9876"])
    assert where is not None


def test_forms_of_the_pack_are_not_taken_for_the_new_one(
    enrolled: Path, readers: OcrEngine
) -> None:
    known = {**pack.load(pack.default_dir()).forms, "S9876": _form(enrolled)}
    page = drawn_forms.blank(known["S3704"], drawn_form.DPI)
    _, lines = _upright(page, readers)

    assert printed_text.classify(lines, known).guesses[0].type == "S3704"


def test_an_earlier_enrolment_is_only_replaced_when_told(
    enrolled: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    before = (enrolled / "S9876.toml").read_bytes()
    arguments = ["enrol", "S9876", str(enrolled / "vierge.png"), "--output", str(enrolled)]

    assert main(arguments) == 2
    assert "existe déjà" in capsys.readouterr().err
    assert (enrolled / "S9876.toml").read_bytes() == before


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["../S1", "x.png"], "TYPE s'écrit"),
        (["S1", *["x.png"] * 6], "1 à 5 exemples"),
        (["S1", "absent.png"], "ne se lit pas"),
        (["S1", "."], "n'est pas un fichier"),
        (["S1", "vierge.png", "--page", "2"], "pas de page 2"),
        (["S1", "blanche.png"], "page blanche"),
    ],
)
def test_what_cannot_be_learned_is_refused_in_words(
    arguments: list[str],
    said: str,
    enrolled: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(enrolled)
    _save(enrolled / "blanche.png", np.full((2339, 1654), 255, np.uint8))

    assert main(["enrol", *arguments, "--output", "neuf"]) == 2
    assert said in capsys.readouterr().err
    assert not Path("neuf").exists()


def test_a_file_that_is_no_image_is_refused(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "texte.txt").write_text("rien", "utf-8")

    assert main(["enrol", "S1", str(tmp_path / "texte.txt"), "--output", str(tmp_path)]) != 0
    assert capsys.readouterr().err
