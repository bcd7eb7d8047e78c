"""Which lines run together through a network: those of like width, and not too many."""

from collections.abc import Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

from edge.inference.session import Session
from edge.reading.readers import Gray
from edge.reading.tensors import line_tensor, stacked

_PADDED_TO = 1.15  # of a line's width; more padding costs more than a larger batch saves


def answers(
    session: Session, crops: Sequence[Gray], most_px: int
) -> Iterator[tuple[int, NDArray[np.float32]]]:
    """Run lines through a network of ours: the index of each and its answer, narrowest first.

    Args:
        session: Takes n × 1 × 32 × width.
        crops: Upright lines of any height.
        most_px: Width of a whole batch.
    """
    tensors = [line_tensor(crop) for crop in crops]
    for chosen in of_like_width([tensor.shape[1] for tensor in tensors], most_px, _PADDED_TO):
        yield from zip(chosen, session.run(stacked([tensors[i] for i in chosen])), strict=True)


def of_like_width(widths: Sequence[int], most_px: int, padded_to: float) -> Iterator[list[int]]:
    """Indexes of lines that make a batch, narrowest first; each index once.

    Args:
        widths: Of the lines, in pixels.
        most_px: Width of a whole batch, its lines padded to the widest; one line may be wider.
        padded_to: No line is padded to more than so many times its width.
    """
    order = sorted(range(len(widths)), key=widths.__getitem__)
    start = 0
    while start < len(order):
        stop = start + 1
        while stop < len(order):
            width = widths[order[stop]]
            if width * (stop + 1 - start) > most_px or width > padded_to * widths[order[start]]:
                break
            stop += 1
        yield order[start:stop]
        start = stop
