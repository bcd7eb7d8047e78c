"""The shipped line network: reads French print, and is never sure of what is no French."""

import shutil
from pathlib import Path

import numpy as np
import onnx
import onnxruntime as ort
import pytest
from onnx import numpy_helper

from edge.errors import PackInvalid
from edge.inference import session
from edge.inference.readers import LineNetwork
from edge.inference.session import Session
from edge.ocr.engine import Alphabet, least_sure
from edge.ocr.network_io import line_tensor
from tests.support.typeset import typed_line
from vaguemestre import pack

LINES = (
    "DÉCLARATION DE CHOIX DU MÉDECIN TRAITANT",
    "N° de sécurité sociale",
    "Je soussigné(e), déclare avoir reçu l'œuvre à Orléans",
    "12 RUE DE L'ÉGLISE 45200 MONTARGIS",
    "285031730004261",
    "26,50 EUR le 03/03/2026",
)
SURE = 0.98  # from which the station asks no second reader


@pytest.fixture(scope="module")
def network() -> LineNetwork:
    return LineNetwork.load(pack.default_dir() / "onnx", threads=1)


@pytest.mark.parametrize("face", ["sans", "arial", "times", "typewriter", "arial_bold"])
@pytest.mark.parametrize("text", LINES)
def test_clean_print_is_read_to_the_letter(network: LineNetwork, face: str, text: str) -> None:
    (reading,) = network.read([typed_line(text, face)])

    assert reading.text == text
    assert least_sure(reading) > 0.5


def test_lines_of_many_widths_are_answered_in_their_order(network: LineNetwork) -> None:
    texts = [text for text in LINES for _ in range(3)]

    readings = network.read([typed_line(text, "arial", 20 + i) for i, text in enumerate(texts)])

    assert [reading.text for reading in readings] == texts


def test_digits_alone_are_answered_where_digits_are_asked_for(network: LineNetwork) -> None:
    (reading,) = network.read([typed_line("285O3I73OO042", "arial")], Alphabet.DIGITS)

    assert reading.text == "2850317300042"


@pytest.mark.parametrize("kind", ["noise", "black", "white", "mirrored", "ten metres"])
def test_what_is_no_french_is_never_read_with_certainty(network: LineNetwork, kind: str) -> None:
    noise = np.random.default_rng(3).integers(0, 256, (40, 400), np.uint8)
    image = {
        "noise": noise,
        "black": np.zeros((40, 400), np.uint8),
        "white": np.full((40, 400), 255, np.uint8),
        "mirrored": np.ascontiguousarray(typed_line("DÉCLARATION GÉNÉRALE", "times")[:, ::-1]),
        "ten metres": np.full((40, 80_000), 200, np.uint8),
    }[kind]

    (reading,) = network.read([image])

    assert least_sure(reading) < SURE


def test_the_same_line_gives_the_same_steps_on_processors_with_and_without_vnni() -> None:
    """Without VNNI, onnxruntime's exact mode gives what processors that have it give."""
    path = pack.default_dir() / "onnx" / "reader.onnx"
    options = ort.SessionOptions()
    options.intra_op_num_threads = 1
    options.add_session_config_entry("session.x64quantprecision", "1")
    exact = ort.InferenceSession(path, options, providers=["CPUExecutionProvider"])
    plain = Session(path.read_bytes(), threads=1)
    rng = np.random.default_rng(5)

    for text in LINES:
        for face in ("arial", "typewriter", "arial_bold"):
            image = typed_line(text, face).astype(np.float64)
            worn = np.clip(image + rng.normal(0, 40, image.shape), 0, 255).astype(np.uint8)
            batch = line_tensor(worn)[None, None]
            np.testing.assert_allclose(
                plain.run(batch), exact.run(None, {"lines": batch})[0], atol=1e-4
            )


@pytest.mark.parametrize(
    "path", sorted((pack.default_dir() / "onnx").glob("*.onnx")), ids=lambda p: p.stem
)
def test_weights_of_eight_bits_keep_to_seven(path: Path) -> None:
    """Two products of an activation (0..255) and such a weight fit sixteen bits with a sign."""
    zero_points = {
        name for node in onnx.load(path).graph.node for name in node.input if "zero_point" in name
    }
    weights = [
        numpy_helper.to_array(tensor).astype(np.int64)
        for tensor in onnx.load(path).graph.initializer
        if tensor.data_type == onnx.TensorProto.INT8 and tensor.name not in zero_points
    ]

    assert all(np.abs(one).max() <= 64 for one in weights)


def test_a_missing_altered_or_mismatched_file_is_refused(tmp_path: Path) -> None:
    def copy(name: str) -> Path:
        return Path(shutil.copytree(pack.default_dir() / "onnx", tmp_path / name))

    missing, altered, other = copy("missing"), copy("altered"), copy("other")
    (missing / "reader.onnx").unlink()
    data = bytearray((altered / "reader.onnx").read_bytes())
    data[len(data) // 2] ^= 1
    (altered / "reader.onnx").write_bytes(data)
    manifest = other / session.MANIFEST
    manifest.write_text(manifest.read_text("utf-8").replace("[1, 32, 0]", "[1, 48, 0]"), "utf-8")

    for folder in (missing, altered, other):
        with pytest.raises(PackInvalid, match=r"reader\.onnx"):
            LineNetwork.load(folder, threads=1)
