"""A form is found on its scan, or is left to a person."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest

from edge.classification.registration import register
from edge.results import BoxPx, TextLine
from vaguemestre.model.document import BoxMm
from vaguemestre.model.forms import FormDefinition, parse_form

FORMS = Path(__file__).parents[3] / "models" / "forms"
TRUE_FORMS = ("S3110", "S3704", "S3501")


def load(name: str) -> FormDefinition:
    return parse_form(f"{name}.toml", (FORMS / f"{name}.toml").read_text(encoding="utf-8"))


def scan(
    form: FormDefinition,
    dpi: float,
    *,
    scale: tuple[float, float] = (1.0, 1.0),
    turn_deg: float = 0.0,
    shift_mm: tuple[float, float] = (0.0, 0.0),
) -> tuple[list[TextLine], np.ndarray]:
    """The lines that a page would show, and the true map from the blank to its pixels."""
    k, angle = dpi / 25.4, np.deg2rad(turn_deg)
    turn = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    matrix = np.column_stack([k * turn @ np.diag(scale), k * np.array(shift_mm)])
    lines = []
    for anchor in form.anchors:
        if anchor.box_mm is None:
            continue
        left, top, width, height = anchor.box_mm
        corners = [(x, y, 1) for x in (left, left + width) for y in (top, top + height)]
        xs, ys = (np.array(corners, float) @ matrix.T).T
        box = BoxPx(round(xs.min()), round(ys.min()), round(np.ptp(xs)), round(np.ptp(ys)))
        lines.append(TextLine(anchor.text, 0.98, box))
    return lines, matrix


def worst_mm(form: FormDefinition, found: np.ndarray, true: np.ndarray, dpi: float) -> float:
    """How far any corner of any field lands from where it is."""
    boxes = [b for spec in form.fields for b in (spec.box_mm, *spec.cells_mm) if b is not None]
    corners = [(b.left + i * b.width, b.top + j * b.height, 1) for b in boxes for i, j in _CORNERS]
    points = np.array(corners, float)
    return float(np.linalg.norm(points @ (found - true).T, axis=1).max() * 25.4 / dpi)


_CORNERS = ((0, 0), (1, 0), (0, 1), (1, 1))


def page(dpi: float) -> np.ndarray:
    return np.full((round(297 * dpi / 25.4), round(210 * dpi / 25.4)), 255, np.uint8)


@pytest.mark.parametrize("name", TRUE_FORMS)
@pytest.mark.parametrize("dpi", [150, 200, 300])
@pytest.mark.parametrize(
    ("scale", "turn_deg", "shift_mm"),
    [
        ((1.0, 1.0), 0.0, (0.0, 0.0)),
        ((0.9, 0.9), 0.0, (10.0, 14.0)),
        ((1.05, 1.04), 0.3, (-4.0, -6.0)),
        ((1.0, 1.0), 2.0, (3.0, -2.0)),
        ((0.97, 0.99), -2.0, (-3.0, 5.0)),
    ],
)
def test_a_form_is_found_moved_stretched_and_a_little_askew(
    name: str,
    dpi: float,
    scale: tuple[float, float],
    turn_deg: float,
    shift_mm: tuple[float, float],
) -> None:
    form = load(name)
    lines, true = scan(form, dpi, scale=scale, turn_deg=turn_deg, shift_mm=shift_mm)
    found = register(page(dpi), dpi, lines, form)
    assert found is not None
    assert worst_mm(form, found.matrix, true, dpi) < 0.6


def spoiled(lines: Sequence[TextLine], seed: int) -> list[TextLine]:
    """A third of the lines unseen, a tenth torn to another place, letters misread."""
    rng = np.random.default_rng(seed)
    kept = []
    for line in lines:
        chance = rng.random()
        if chance < 0.33:
            continue
        box = line.box
        if chance < 0.43:
            box = box._replace(left=int(rng.integers(0, 1200)), top=int(rng.integers(0, 2000)))
        text = "".join("e" if rng.random() < 0.03 else char for char in line.text)
        kept.append(TextLine(text, 0.9, box))
    return [*kept, TextLine("MARTIN JEAN-PAUL", 0.99, BoxPx(300, 300, 400, 30))]


@pytest.mark.parametrize("name", TRUE_FORMS)
@pytest.mark.parametrize("seed", range(5))
def test_lines_unseen_misread_or_elsewhere_do_not_move_the_form(name: str, seed: int) -> None:
    form = load(name)
    lines, true = scan(form, 200, scale=(0.98, 0.97), shift_mm=(2, 3))
    found = register(page(200), 200, spoiled(lines, seed), form)
    assert found is not None
    assert worst_mm(form, found.matrix, true, 200) < 0.8


def test_another_form_is_not_found() -> None:
    lines, _ = scan(load("S3704"), 200)
    assert register(page(200), 200, lines, load("S3110")) is None


def test_a_torn_form_is_left_to_a_person() -> None:
    form = load("S3110")
    lines, _ = scan(form, 200)
    upper = [line for line in lines if line.box.top < 900]
    assert len(upper) >= 6
    assert register(page(200), 200, upper, form) is None


@pytest.mark.parametrize("told", [96, 150, 300])
def test_a_file_that_lies_about_its_resolution_hides_no_form(told: int) -> None:
    form = load("S3110")
    lines, true = scan(form, 150)
    found = register(page(150), told, lines, form)
    assert found is not None
    assert worst_mm(form, found.matrix, true, 150) < 0.6


@pytest.mark.parametrize(
    ("dpi", "scale"), [(200, (0.7, 1.0)), (200, (1.0, 0.7)), (200, (0.35, 0.35)), (80, (1.0, 1.0))]
)
def test_a_form_of_proportions_or_a_size_that_no_copier_makes_is_left_to_a_person(
    dpi: float, scale: tuple[float, float]
) -> None:
    form = load("S3110")
    lines, _ = scan(form, dpi, scale=scale)
    assert register(page(dpi), dpi, lines, form) is None


def test_a_page_without_lines_is_left_to_a_person() -> None:
    assert register(page(200), 200, [], load("S3110")) is None
    assert register(np.zeros((0, 0), np.uint8), 200, [], load("S3110")) is None


def test_a_box_goes_to_the_page_and_back() -> None:
    form = load("S3704")
    lines, _ = scan(form, 254)
    found = register(page(254), 254, lines, form)
    assert found is not None
    box = found.to_px(BoxMm(50, 60, 20, 5))
    assert np.allclose(box, (500, 600, 200, 50), atol=5)
