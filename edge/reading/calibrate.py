"""When a value may be delivered without a person.

One threshold a kind, on the least sure character of the value; a field that is more often wrong
than others of its kind may have a tighter one in its form (``accept_doubt``). A value that its own
key confirms needs less; a date's calendar confirms little, since most misread days exist too; text
has no key at all. Repaired values are never accepted here: the caller needs other evidence.
The thresholds were measured on forms filled by program (``make bench``, docs/decisions), and
scale with the wanted error rate.
"""

from collections.abc import Mapping
from types import MappingProxyType

from vaguemestre.model.document import Check
from vaguemestre.model.forms import FieldKind, FieldSpec

_REFERENCE_RATE = 0.001

# The doubt (1 - confidence of the least sure character) allowed at the reference rate.
_KEYED: Mapping[FieldKind, float] = MappingProxyType(
    {
        FieldKind.NIR: 0.40,
        FieldKind.DIGITS: 0.25,
        FieldKind.IBAN: 0.40,
        FieldKind.DATE: 0.12,
        FieldKind.AMOUNT: 0.25,  # confirmed by the total
    }
)
_COPIED = 0.02  # of an amount that shares a digit with the total that confirms it
_UNKEYED: Mapping[FieldKind, float] = MappingProxyType(
    {
        FieldKind.DIGITS: 0.05,
        FieldKind.AMOUNT: 0.05,
        FieldKind.CODE: 0.10,
        FieldKind.NAME: 0.05,
        FieldKind.TEXT: 0.05,
        FieldKind.ADDRESS: 0.05,
        FieldKind.TICK: 0.40,  # and what edge/reading/ticks.py asks beside
        FieldKind.SIGNATURE: 0.10,
    }
)

# The same for combs read cell by cell: the doubt is that of the whole string among all that
# satisfy its key, measured on drawn combs (models/training/calibrate_cells.py).
_CELLS_KEYED: Mapping[FieldKind, float] = MappingProxyType(
    {FieldKind.NIR: 0.40, FieldKind.DIGITS: 0.20, FieldKind.DATE: 0.010}
)
_CELLS_UNKEYED: Mapping[FieldKind, float] = MappingProxyType(
    {FieldKind.DIGITS: 0.008, FieldKind.AMOUNT: 0.008}
)


def accepts_cells(
    spec: FieldSpec, check: Check, confidence: float, wanted_error_rate: float, *, has_key: bool
) -> bool:
    """Whether a comb's cells may go without a person; what a key chose never does here."""
    allowed = (_CELLS_KEYED if has_key else _CELLS_UNKEYED).get(spec.kind)
    if check not in (Check.OK, Check.NONE):
        allowed = None
    return _is_within(_of_field(allowed, spec), confidence, wanted_error_rate)


def accepts(spec: FieldSpec, check: Check, confidence: float, wanted_error_rate: float) -> bool:
    """Whether a read value of this confidence (0..1) may go without a person."""
    if check is Check.OK:
        allowed = _KEYED.get(spec.kind)
    elif check is Check.NONE:
        allowed = _UNKEYED.get(spec.kind)
    else:
        allowed = None
    return _is_within(_of_field(allowed, spec), confidence, wanted_error_rate)


def accepts_total(confidence: float, wanted_error_rate: float, *, is_copied: bool) -> bool:
    """Whether an amount that the form's total confirms may go without a person.

    Args:
        confidence: Of its reading, 0 to 1.
        wanted_error_rate: Of the accepted values.
        is_copied: Some of its digits stand in the total as they are.
    """
    allowed = _COPIED if is_copied else _KEYED[FieldKind.AMOUNT]
    return _is_within(allowed, confidence, wanted_error_rate)


def _of_field(allowed: float | None, spec: FieldSpec) -> float | None:
    if allowed is None or spec.accept_doubt is None:
        return allowed
    return min(allowed, spec.accept_doubt)


def _is_within(allowed: float | None, confidence: float, wanted_error_rate: float) -> bool:
    if allowed is None:
        return False
    return 1.0 - confidence <= allowed * min(1.0, wanted_error_rate / _REFERENCE_RATE)
