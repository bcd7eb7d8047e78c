"""What a scan leaves of a mark: seen on clean paper, lost where the paper varies as much."""

import numpy as np
import pytest

from models.training.ticks import sight
from models.training.ticks.ink import Layer

PX = 8.0
STAYS = np.array([[1.0, 0.0, 0.0], [0.0, 1.0, 0.0]])


def stroke() -> Layer:
    ink = np.zeros((240, 240), np.float32)
    ink[118:122, 100:140] = 1.0
    return ink


def seen(darkness: float, noise: float) -> sight.Sight:
    """Of a stroke of 5 × 0.5 mm on paper that varies."""
    chance = np.random.default_rng(1)
    paper = 230 + chance.normal(0, noise, (240, 240))
    unmarked = np.clip(paper, 0, 255).astype(np.uint8)
    marked = np.clip(paper - darkness * stroke(), 0, 255).astype(np.uint8)
    scans = sight.Scans(marked, unmarked, np.full((240, 240), 230, np.uint8), PX)
    return sight.sight(scans, stroke(), STAYS)


def test_a_dark_stroke_is_seen_whole() -> None:
    found = seen(120, 4)
    assert not found.is_lost
    assert found.area_mm2 == pytest.approx(2.5, abs=0.2)


@pytest.mark.parametrize(("darkness", "noise"), [(0, 4), (6, 1), (12, 60)])
def test_what_hardly_differs_or_drowns_in_noise_is_lost(darkness: float, noise: float) -> None:
    assert seen(darkness, noise).is_lost


def test_a_pale_stroke_on_clean_paper_is_seen() -> None:
    assert not seen(14, 3).is_lost
