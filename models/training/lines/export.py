"""Ship the line reader in eight bits: half the time, and the errors grow by less than they vary.

``python -m models.training.lines.export [FOLDER]`` of a course; the weights are kept beside it
(``models/training/weights/reader.npz``), to begin the next course from. Without a folder the
shipped weights are exported again: when only the way to eight bits changed.

Convolutions get scales from drawn lines (per channel), the LSTM and the last layer scale their
input as they run. Weights keep to seven bits: processors without VNNI add two products of an
activation and a weight in sixteen bits with saturation, and would read other letters from the same
line than those with VNNI (decision 8).
"""

import argparse
import random
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import onnx
from numpy.typing import NDArray
from onnxruntime.quantization import (
    CalibrationDataReader,
    QuantFormat,
    QuantType,
    quantize_dynamic,
    quantize_static,
)
from onnxruntime.quantization.shape_inference import quant_pre_process

from edge.inference.readers import BLANK, LINE_NETWORK
from edge.inference.session import FREE
from edge.ocr.network_io import HEIGHT_PX, line_tensor
from models.training.lines.draw import draw
from models.training.lines.network import CHARACTERS, export, load_weights
from models.training.release import release

_LINES, _SEED = 200, 9_001


class _Lines(CalibrationDataReader):
    def __init__(self) -> None:
        rng = random.Random(_SEED)
        self._lines: Iterator[NDArray[np.float32]] = (
            line_tensor(draw(rng).image)[None, None] for _ in range(_LINES)
        )

    def get_next(self) -> dict[str, NDArray[np.float32]] | None:
        """One line a call, None at the end."""
        line = next(self._lines, None)
        return None if line is None else {"lines": line}


def quantised(path: Path) -> bytes:
    """Return the network of ``path`` in eight bits, its metadata kept."""
    with tempfile.TemporaryDirectory() as folder:
        shaped, static, done = (Path(folder) / f"{name}.onnx" for name in ("a", "b", "c"))
        quant_pre_process(path, shaped)
        quantize_static(
            shaped,
            static,
            _Lines(),
            quant_format=QuantFormat.QDQ,
            per_channel=True,
            activation_type=QuantType.QUInt8,
            weight_type=QuantType.QInt8,
            reduce_range=True,
            op_types_to_quantize=["Conv", "Relu"],
        )
        quantize_dynamic(
            static,
            done,
            weight_type=QuantType.QInt8,
            reduce_range=True,
            op_types_to_quantize=["LSTM", "MatMul"],
        )
        model = onnx.load(str(done))
    del model.metadata_props[:]
    model.metadata_props.extend(onnx.load(str(path)).metadata_props)
    return bytes(model.SerializeToString())


WEIGHTS = Path(__file__).parent / "weights" / "reader.npz"
_TRAINED_ON = (
    "lines drawn with Debian fonts and scanned by program, and 1,570 real typed lines "
    "(HTR-United/tapuscorpus, CC BY 4.0)"
)


def main() -> None:
    """Copy and list."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("course", type=Path, nargs="?")
    options = parser.parse_args()
    data = quantised(options.course / "reader.onnx") if options.course else _of_shipped_weights()
    release(data, LINE_NETWORK, (1, HEIGHT_PX, FREE), (BLANK, *CHARACTERS), _TRAINED_ON)
    if options.course:
        WEIGHTS.parent.mkdir(exist_ok=True)
        shutil.copyfile(options.course / "reader.npz", WEIGHTS)


def _of_shipped_weights() -> bytes:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "reader.onnx"
        export(load_weights(WEIGHTS), path)
        return quantised(path)


if __name__ == "__main__":
    main()
