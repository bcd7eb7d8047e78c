"""Which lines run together through a network: those of like width, and not too many."""

from collections.abc import Iterator, Sequence


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
