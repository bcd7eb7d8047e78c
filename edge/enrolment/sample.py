"""A sample of a form, upright and read."""

from edge import upright
from edge.enrolment.learn import Sample
from edge.reading.lines import skim
from edge.reading.readers import Care, Gray, Readers


def read(gray: Gray, dpi: float, readers: Readers) -> Sample:
    """Read a sample as any page is read, with more care.

    Args:
        gray: As scanned, its black borders painted white.
        dpi: Its resolution.
        readers: The recognition networks.
    """
    page = upright.of(gray, dpi, readers, {}).gray
    # The detector keeps tick boxes apart from their labels; time does not matter here.
    text = skim(page, readers.find_lines(page), readers).improved(readers, Care.VALUE)
    return Sample(page, dpi, text.lines())
