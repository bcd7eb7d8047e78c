"""Where all of a field stands on its page: a station tells where its first line was read.

The other lines of a measured form lie below it as on the blank. Where nobody measured, an address
goes on below its first line, at the same left edge.
"""

from vaguemestre.model.catalogue import FieldSpec

Box = tuple[float, float, float, float]
"""Left, top, width, height in millimetres of the upright page."""

_ADDRESS_MM = (95.0, 24.0)
"""Room for the four lines that an address has after the name."""
_HAS_LINES = frozenset({"text", "address"})


def whole_box(spec: FieldSpec, first: Box, page_mm: tuple[float, float]) -> Box:
    """Give the box around all lines of a field.

    Args:
        spec: What the form says of it.
        first: The box of its first line, on this page.
        page_mm: Width and height of the page; the box ends there.
    """
    left, top, width, height = first
    right, bottom = left + width, top + height
    if spec.box_mm is not None and spec.more_boxes_mm:
        across, down = left - spec.box_mm[0], top - spec.box_mm[1]  # how this page lies
        boxes = [(x + across, y + down, w, h) for x, y, w, h in spec.more_boxes_mm]
        left, top = min(left, *(b[0] for b in boxes)), min(top, *(b[1] for b in boxes))
        right = max(right, *(b[0] + b[2] for b in boxes))
        bottom = max(bottom, *(b[1] + b[3] for b in boxes))
    elif spec.kind == "address" and spec.box_mm is None:
        right, bottom = max(right, left + _ADDRESS_MM[0]), max(bottom, top + _ADDRESS_MM[1])
    return left, top, _within(left, right, page_mm[0]), _within(top, bottom, page_mm[1])


def has_lines(spec: FieldSpec) -> bool:
    """Whether a field may hold more than fits on one line."""
    return spec.kind in _HAS_LINES


def _within(start: float, end: float, side: float) -> float:
    """The length from start to end, or to the page's own end where that is known."""
    return (min(end, side) if side > start else end) - start
