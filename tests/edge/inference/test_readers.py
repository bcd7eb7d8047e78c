"""The shipped network tells typed words from real handwriting."""

import os
from pathlib import Path

import numpy as np
import pytest

from edge.errors import PackInvalid
from edge.inference.readers import HandNetwork
from tests.support.typeset import typed_line
from vaguemestre import pack

NAMES = ("DUPONT MARIE-CLAIRE", "12 RUE DE L'ÉGLISE", "45200 MONTARGIS", "Fournier Jean-Baptiste")


@pytest.fixture(scope="module")
def network() -> HandNetwork:
    return HandNetwork.load(pack.default_dir() / "onnx", threads=1)


@pytest.mark.parametrize("face", ["sans", "arial", "times", "typewriter"])
def test_typed_names_are_print(network: HandNetwork, face: str) -> None:
    chances = network.by_hand([typed_line(name, face, 30 + 2 * i) for i, name in enumerate(NAMES)])

    assert max(chances) < 0.3


@pytest.mark.samples
def test_real_digits_are_handwriting(network: HandNetwork) -> None:
    if "VAGUEMESTRE_SAMPLES" not in os.environ:
        pytest.skip("needs the real digits: set VAGUEMESTRE_SAMPLES")
    folder = Path(os.environ["VAGUEMESTRE_SAMPLES"])
    with np.load(folder / "digits" / "handwritten_digits.npz") as stored:
        digits = stored["images"][-80:]  # no network was taught on those
    strips = [255 - np.hstack(list(digits[i : i + 10])) for i in range(0, 80, 10)]

    assert min(network.by_hand([np.asarray(strip, np.uint8) for strip in strips])) > 0.3


def test_answers_come_in_the_order_of_the_lines(network: HandNetwork) -> None:
    lines = [typed_line(name, "arial", 24 + 5 * i) for i, name in enumerate(NAMES)]

    together = network.by_hand(lines[::-1])[::-1]

    assert together == pytest.approx([network.by_hand([line])[0] for line in lines], abs=0.02)
    assert network.by_hand([]) == []


def test_another_network_in_its_place_is_refused(tmp_path: Path) -> None:
    manifest = (pack.default_dir() / "onnx" / "manifest.toml").read_text("utf-8")
    swapped = manifest.replace('labels = ["printed", "by_hand"]', 'labels = ["a", "b"]')
    (tmp_path / "manifest.toml").write_text(swapped, "utf-8")
    (tmp_path / "hand.onnx").write_bytes((pack.default_dir() / "onnx" / "hand.onnx").read_bytes())

    with pytest.raises(PackInvalid, match="labels"):
        HandNetwork.load(tmp_path, 1)
