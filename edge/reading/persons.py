"""Whose page it is, as far as a page says so: the social security numbers that stand on it.

Only numbers whose own key holds count: one misread number in 97 has a key that holds by chance. Of
a measured form the fields are looked at, of any other page all of its text as well: a letter or
the back of a form may hold a number that no field asks for.
"""

import re
from collections.abc import Collection, Iterator

from edge.results import PageReading
from vaguemestre.model import values
from vaguemestre.model.document import Check, Layout

_NIR = "nir"
_KEYED = 13  # characters before the key; people write the number with and without it
_WRITTEN = re.compile(
    r"(?<![0-9A-Z])[123478][ .]?\d{2}[ .]?\d{2}[ .]?(?:\d{2}|2[AB])[ .]?\d{3}[ .]?\d{3}"
    r"[ .\-/|]{0,3}\d{2}(?![0-9A-Z])"
)


def nirs_of(page: PageReading) -> frozenset[str]:
    """The social security numbers on a page whose keys hold, without their keys."""
    found = {
        field.value
        for field in page.fields
        if field.name.endswith(_NIR) and field.check is Check.OK and field.value is not None
    }
    if page.layout is not Layout.VERIFIED or page.is_back:
        found.update(_in_text(page))
    return frozenset(number[:_KEYED] for number in found)


def differ(one: Collection[str], other: Collection[str]) -> bool:
    """Whether two sets of numbers are those of different people; who has none differs from none."""
    return bool(one) and bool(other) and not set(one) & set(other)


def _in_text(page: PageReading) -> Iterator[str]:
    for line in page.lines:
        for written in _WRITTEN.finditer(line.text.upper()):
            number = values.nir(re.sub(r"[^0-9AB]", "", written[0]))
            if number.check is Check.OK and number.value is not None:
                yield number.value
