"""A page is turned upright by reading it, whatever its rules and bars told."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from edge import upright
from edge.inference import networks
from edge.inference.cells import CellNetwork
from edge.inference.hand_network import HandNetwork
from edge.inference.line_network import LineNetwork
from edge.inference.station import StationReaders, load_readers
from edge.reading import orient
from edge.reading.readers import Gray
from tests.support import drawn_form


@pytest.fixture(scope="module")
def readers(tmp_path_factory: pytest.TempPathFactory) -> StationReaders:
    return load_readers(tmp_path_factory.mktemp("cache"))


@pytest.mark.parametrize("told", [lambda *_: True, lambda *_: False], ids=["lying", "upright"])
@pytest.mark.parametrize("quarters", [0, 1, 2, 3])
def test_a_page_that_reads_badly_is_tried_on_its_other_side(
    monkeypatch: pytest.MonkeyPatch,
    readers: StationReaders,
    told: Callable[..., bool],
    quarters: int,
) -> None:
    monkeypatch.setattr(orient, "lies_on_its_side", told)
    page: Gray = np.ascontiguousarray(np.rot90(drawn_form.filled(3), quarters))

    found = upright.of(page, drawn_form.DPI, readers, {})

    assert found.rotation == 90 * quarters
    assert found.text is not None
    assert orient.legibility(found.text) > 0.9


def test_the_readers_say_which_networks_they_are(readers: StationReaders) -> None:
    folder: Path = networks.default_dir()
    own = {
        "reader": LineNetwork.load(folder, 1).version,
        "cells": CellNetwork.load(folder, 1).version,
        "hand": HandNetwork.load(folder, 1).version,
    }

    assert own.items() <= dict(readers.versions).items()
