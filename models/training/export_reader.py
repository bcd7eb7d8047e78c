"""Ship the line reader: ``python -m models.training.export_reader [FOLDER]`` of a course.

Keeps the weights beside it (``models/training/weights/reader.npz``), to begin the next course from.
Without a folder the shipped weights are exported again: when only the way to eight bits changed.
"""

import argparse
import shutil
import tempfile
from pathlib import Path

from edge.inference.readers import BLANK, LINE_NETWORK
from edge.inference.session import FREE
from edge.ocr.network_io import HEIGHT_PX
from models.training.quantise import quantised
from models.training.reader_net import CHARACTERS, export, load_weights
from models.training.release import release

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
