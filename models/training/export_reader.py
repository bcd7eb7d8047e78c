"""Ship the line reader: ``python -m models.training.export_reader FOLDER`` of a course.

Keeps the weights beside it (``models/training/weights/reader.npz``), to begin the next course from.
"""

import argparse
import shutil
from pathlib import Path

from edge.inference.line_network import BLANK, NAME
from edge.inference.networks import FREE
from edge.reading.tensors import HEIGHT_PX
from models.training.quantise import quantised
from models.training.reader_net import CHARACTERS
from models.training.release import release

WEIGHTS = Path(__file__).parent / "weights" / "reader.npz"
_TRAINED_ON = (
    "lines drawn with Debian fonts and scanned by program, and 1,570 real typed lines "
    "(HTR-United/tapuscorpus, CC BY 4.0)"
)


def main() -> None:
    """Copy and list."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("course", type=Path)
    options = parser.parse_args()
    release(
        quantised(options.course / "reader.onnx"),
        NAME,
        (1, HEIGHT_PX, FREE),
        (BLANK, *CHARACTERS),
        _TRAINED_ON,
    )
    WEIGHTS.parent.mkdir(exist_ok=True)
    shutil.copyfile(options.course / "reader.npz", WEIGHTS)


if __name__ == "__main__":
    main()
