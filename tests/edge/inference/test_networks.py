"""A network that is missing, altered, or other than its manifest says is refused, with a reason."""

import hashlib
import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from edge.errors import PackInvalid
from edge.inference import session
from edge.inference.engine import load_engine
from edge.inference.readers import CellNetwork
from edge.ocr.engine import Alphabet
from edge.ocr.network_io import SIDE_PX
from vaguemestre import pack


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A copy of the networks that came with the program."""
    return Path(shutil.copytree(pack.default_dir() / "onnx", tmp_path / "onnx"))


def _edit(folder: Path, before: str, after: str) -> None:
    path = folder / session.MANIFEST
    text = path.read_text("utf-8")
    assert before in text
    path.write_text(text.replace(before, after, 1), "utf-8")


def _missing_manifest(folder: Path) -> None:
    (folder / session.MANIFEST).unlink()


def _damaged_manifest(folder: Path) -> None:
    (folder / session.MANIFEST).write_text("[[networks]\n", "utf-8")


def _unknown_word(folder: Path) -> None:
    _edit(folder, "trained_on", 'licence = "?"\ntrained_on')


def _not_listed(folder: Path) -> None:
    _edit(folder, 'name = "cells"', 'name = "lines"')


def _missing_file(folder: Path) -> None:
    (folder / "cells.onnx").unlink()


def _altered_file(folder: Path) -> None:
    path = folder / "cells.onnx"
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.write_bytes(data)


def _cut_short(folder: Path) -> None:
    path = folder / "cells.onnx"
    data = path.read_bytes()
    path.write_bytes(data[: len(data) // 2])
    whole, half = (hashlib.sha256(part).hexdigest() for part in (data, data[: len(data) // 2]))
    _edit(folder, whole, half)


def _other_shape(folder: Path) -> None:
    _edit(folder, f"[1, {SIDE_PX}, {SIDE_PX}]", "[1, 32, 32]")


def _fewer_labels(folder: Path) -> None:
    _edit(folder, ', "junk"', "")


def _other_labels(folder: Path) -> None:
    _edit(folder, '"A", "B"', '"B", "A"')


REFUSED: list[tuple[Callable[[Path], None], str]] = [
    (_missing_manifest, r"manifest\.toml"),
    (_damaged_manifest, r"manifest\.toml"),
    (_unknown_word, "licence"),
    (_not_listed, "no network cells"),
    (_missing_file, r"cells\.onnx: No such file"),
    (_altered_file, r"cells\.onnx: digest"),
    (_cut_short, "does not load"),
    (_other_shape, r"takes \(1, 28, 28\), not \(1, 32, 32\)"),
    (_fewer_labels, "not 12 labels"),
    (_other_labels, "labels"),
]


@pytest.mark.parametrize(("harm", "reason"), REFUSED)
def test_harmed_networks_are_refused_with_a_reason(
    folder: Path, tmp_path: Path, harm: Callable[[Path], None], reason: str
) -> None:
    harm(folder)
    with pytest.raises(PackInvalid, match=reason) as refused:
        load_engine(tmp_path / "cache", 1, folder)
    assert refused.value.code == "pack_invalid"


def test_the_shipped_network_answers_for_any_number_of_cells(folder: Path) -> None:
    network = CellNetwork.load(folder, 1)
    blank = np.full((40, 30), 255, np.uint8)
    for count in (1, 2, 15):
        found = network.read([blank] * count, Alphabet.NIR)
        assert len(found.text) == len(found.alternatives) == count
    assert network.read([], Alphabet.NIR).text == ""


def test_a_network_never_answers_outside_its_alphabet(folder: Path) -> None:
    network = CellNetwork.load(folder, 1)
    noise = np.random.default_rng(1).integers(0, 256, (40, 30), np.uint8)
    for alphabet in (Alphabet.DIGITS, Alphabet.NIR):
        (ranked,) = network.read([noise], alphabet).alternatives
        assert {char for char, _ in ranked} <= set(alphabet.value)
        assert sum(chance for _, chance in ranked) <= 1.0001
