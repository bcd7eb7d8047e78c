"""A page is turned upright by reading it, whatever its rules and bars told."""

import datetime as dt
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from edge.imaging.source_file import PageImage
from edge.inference.engine import StationEngine
from edge.inference.readers import CellNetwork, HandNetwork, LineNetwork, TickNetwork
from edge.ocr import orientation
from edge.ocr.engine import Gray
from edge.pipeline import page as pipeline_page
from edge.pipeline import upright
from tests.support import drawn_form
from vaguemestre import pack
from vaguemestre.model.document import ImageRef

RECIPE = pipeline_page.ReadingContext({}, accept_error_rate=0.001)
TODAY = dt.date(2026, 11, 10)


@pytest.mark.parametrize("told", [lambda *_: True, lambda *_: False], ids=["lying", "upright"])
@pytest.mark.parametrize("quarters", [0, 1, 2, 3])
def test_a_page_that_reads_badly_is_tried_on_its_other_side(
    monkeypatch: pytest.MonkeyPatch,
    readers: StationEngine,
    told: Callable[..., bool],
    quarters: int,
) -> None:
    monkeypatch.setattr(orientation, "lies_on_its_side", told)
    page: Gray = np.ascontiguousarray(np.rot90(drawn_form.filled(3), quarters))

    found = upright.make_upright(page, drawn_form.DPI, readers, {})

    assert found.rotation == 90 * quarters
    assert found.text is not None
    assert orientation.legibility(found.text) > 0.9


def test_a_peppered_page_is_never_taken_for_a_blank_one(readers: StationEngine) -> None:
    dots = np.random.default_rng(1).random((2339, 1654)) < 0.06
    image = PageImage(np.where(dots, 0, 255).astype(np.uint8), 200, dpi_known=True)

    page = pipeline_page.read_page(image, ImageRef("1.tif", 0, ""), RECIPE, readers, TODAY)

    assert not page.is_blank
    assert "dust" in page.marks
    assert page.guesses[0].type == "unknown"


def test_the_readers_say_which_networks_they_are(readers: StationEngine) -> None:
    folder: Path = pack.default_dir() / "onnx"
    own = {
        "reader": LineNetwork.load(folder, 1).version,
        "cells": CellNetwork.load(folder, 1).version,
        "hand": HandNetwork.load(folder, 1).version,
        "ticks": TickNetwork.load(folder, 1).version,
    }

    assert own.items() <= dict(readers.versions).items()
