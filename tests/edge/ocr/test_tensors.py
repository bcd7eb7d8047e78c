"""A line of any size, tone and polarity comes to the network as ink on paper."""

import numpy as np
import pytest

from edge.ocr.network_io import HEIGHT_PX, line_tensor


def line(paper: int, ink: int, height: int = 40, width: int = 300) -> np.ndarray:
    made = np.full((height, width), paper, np.uint8)
    made[height // 4 : -height // 4, 20:-20:12] = ink
    made[height // 4 : -height // 4, 21:-20:12] = ink
    return made


@pytest.mark.parametrize(("paper", "ink"), [(255, 0), (200, 120), (20, 240)])
def test_paper_is_nothing_and_ink_is_one(paper: int, ink: int) -> None:
    tensor = line_tensor(line(paper, ink))

    assert tensor.shape == (HEIGHT_PX, 240)
    assert abs(float(np.median(tensor))) < 0.01
    assert float(tensor.max()) == pytest.approx(1.0, abs=0.05)


def test_plain_paper_with_its_grain_stays_paper() -> None:
    grain = np.random.default_rng(1).normal(230, 2, (40, 300))

    tensor = line_tensor(np.asarray(np.clip(grain, 0, 255), np.uint8))

    assert float(np.abs(tensor).max()) < 0.3


@pytest.mark.parametrize("shape", [(0, 10), (10, 0), (1, 1), (3, 4000), (4000, 3)])
def test_odd_shapes_are_no_error(shape: tuple[int, int]) -> None:
    tensor = line_tensor(np.full(shape, 128, np.uint8))

    assert tensor.shape[0] == HEIGHT_PX
    assert 16 <= tensor.shape[1] <= 2400
    assert np.isfinite(tensor).all()
