"""What a pôle receives of a reading, and what its key says."""

import datetime as dt

import pytest

from vaguemestre.model.document import BoxMm, Check
from vaguemestre.model.forms import FieldKind, FieldSpec, NumberCheck
from vaguemestre.model.values import CheckedValue, birth_agrees, check_read

TODAY = dt.date(2026, 3, 20)
FAILED = CheckedValue(None, Check.FAILED)


def read(
    kind: FieldKind, raw: str, check: NumberCheck = NumberCheck.NONE, *, decimals: int = 0
) -> CheckedValue:
    spec = FieldSpec("x", kind, check=check, box_mm=BoxMm(0, 0, 1, 1), decimals=decimals)
    return check_read(spec, raw, TODAY)


def test_a_nir_loses_its_spaces_and_keeps_its_key() -> None:
    found = read(FieldKind.NIR, "2 55 08 14 168 025 38")
    assert found == CheckedValue("255081416802538", Check.OK)


@pytest.mark.parametrize("department", ["2A", "2B", "99"])
def test_a_nir_of_corsica_or_abroad_has_its_own_key(department: str) -> None:
    counted = {"2A": "19", "2B": "18"}.get(department, department)
    key = 97 - int(f"18503{counted}004002") % 97
    assert read(FieldKind.NIR, f"18503{department}004002{key:02d}").check is Check.OK


def test_a_nir_without_its_key_is_given_unproved() -> None:
    assert read(FieldKind.NIR, "2550814168025") == CheckedValue("2550814168025", Check.NONE)


@pytest.mark.parametrize("month", ["01", "12", "20", "30", "31", "42", "50", "99"])
def test_months_of_incomplete_records_are_months_of_a_nir(month: str) -> None:
    body = f"185{month}17004002"
    key = 97 - int(body) % 97
    assert read(FieldKind.NIR, f"{body}{key:02d}").check is Check.OK


@pytest.mark.parametrize("month", ["00", "13", "19", "43", "49"])
def test_other_months_are_no_nir(month: str) -> None:
    body = f"185{month}17004002"
    key = 97 - int(body) % 97
    assert read(FieldKind.NIR, f"{body}{key:02d}") == FAILED


@pytest.mark.parametrize("sex", ["0", "5", "6", "9"])
def test_a_nir_begins_with_a_sex_that_exists(sex: str) -> None:
    assert read(FieldKind.NIR, f"{sex}850317004002") == FAILED


@pytest.mark.parametrize(
    ("raw", "value"),
    [
        ("03032025", "2025-03-03"),
        ("03/03/2025", "2025-03-03"),
        ("3.3.2025", "2025-03-03"),
        ("3 03 2025", "2025-03-03"),
        ("3 mars 2025", "2025-03-03"),
        ("le 1er août 2025", "2025-08-01"),
        ("29022024", "2024-02-29"),
    ],
)
def test_a_date_comes_out_in_iso(raw: str, value: str) -> None:
    assert read(FieldKind.DATE, raw) == CheckedValue(value, Check.OK)


@pytest.mark.parametrize(
    "raw", ["29022025", "31/04/2025", "01011889", "21032026", "00012025", "0303", "mars 2025", "x"]
)
def test_a_day_that_cannot_be_fails(raw: str) -> None:
    assert read(FieldKind.DATE, raw) == FAILED


def test_only_a_date_that_ends_something_may_lie_ahead() -> None:
    ends = FieldSpec("valid_until", FieldKind.DATE, may_lie_ahead=True)
    assert check_read(ends, "31122029", TODAY).value == "2029-12-31"
    assert check_read(ends, "31122099", TODAY) == FAILED


def test_a_date_written_year_first_is_never_one_written_day_first() -> None:
    for ordinal in range(dt.date(1900, 1, 1).toordinal(), TODAY.toordinal(), 5):
        day = dt.date.fromordinal(ordinal)
        assert read(FieldKind.DATE, f"{day:%Y%m%d}") == FAILED


@pytest.mark.parametrize(
    ("raw", "value"),
    [("26,50 €", "26.50"), ("26.5", "26.50"), ("1 234,00", "1234.00"), ("30 euros", "30.00")],
)
def test_an_amount_has_two_decimals_and_a_point(raw: str, value: str) -> None:
    assert read(FieldKind.AMOUNT, raw).value == value


@pytest.mark.parametrize(("raw", "value"), [("2650", "26.50"), ("50", "0.50"), ("26,50", "26.50")])
def test_the_last_cells_of_an_amounts_comb_are_cents(raw: str, value: str) -> None:
    assert read(FieldKind.AMOUNT, raw, decimals=2).value == value


@pytest.mark.parametrize("raw", ["26,505", "-3", "12,3,4", "abc", "99999999"])
def test_what_is_no_amount_fails(raw: str) -> None:
    assert read(FieldKind.AMOUNT, raw) == FAILED


@pytest.mark.parametrize(
    ("check", "raw", "expected"),
    [
        (NumberCheck.RPPS, "10003456787", None),
        (NumberCheck.RPPS, "10 00345678 6", Check.OK),
        (NumberCheck.RPPS, "1000345678", None),
        (NumberCheck.AM, "171234567", Check.NONE),
        (NumberCheck.AM, "17123456", None),
        (NumberCheck.RPPS_OR_AM, "171234567", Check.NONE),
        (NumberCheck.RPPS_OR_AM, "10003456786", Check.OK),
        (NumberCheck.RPPS_OR_AM, "1000345678", None),
        (NumberCheck.FINESS, "170000013", None),
        (NumberCheck.FINESS, "170000012", Check.OK),
        (NumberCheck.SIRET, "73282932000074", Check.OK),
        (NumberCheck.SIRET, "73282932000075", None),
        (NumberCheck.SIRET, "35600000049837", Check.OK),
        (NumberCheck.STRUCTURE, "73282932000074", Check.OK),
        (NumberCheck.STRUCTURE, "171234567", Check.NONE),
        (NumberCheck.STRUCTURE, "170000012", Check.OK),
        (NumberCheck.STRUCTURE, "1712345", None),
        (NumberCheck.LUHN, "732829320", Check.OK),
        (NumberCheck.NONE, "42", Check.NONE),
        (NumberCheck.NONE, "abc", None),
    ],
)
def test_numbers_are_held_to_their_keys(
    check: NumberCheck, raw: str, expected: Check | None
) -> None:
    found = read(FieldKind.DIGITS, raw, check)
    if expected is None:
        assert found == FAILED
    else:
        assert found == CheckedValue("".join(raw.split()), expected)


def test_an_account_number_is_held_to_its_key() -> None:
    good = "FR14 2004 1010 0505 0001 3M02 606"
    assert read(FieldKind.IBAN, good) == CheckedValue(good.replace(" ", ""), Check.OK)
    assert read(FieldKind.IBAN, good.replace("606", "607")) == FAILED


def test_a_code_keeps_capitals_and_digits() -> None:
    assert read(FieldKind.CODE, "deqp 003").value == "DEQP003"


def test_a_name_is_trimmed_and_its_spaces_are_collapsed() -> None:
    assert read(FieldKind.NAME, "  LE   GALL ").value == "LE GALL"


@pytest.mark.parametrize("kind", list(FieldKind))
def test_an_empty_reading_is_unread_and_did_not_fail(kind: FieldKind) -> None:
    assert read(kind, "  ") == CheckedValue(None, Check.NONE)


def test_a_nir_agrees_with_the_birth_date_it_holds() -> None:
    born = dt.date(1955, 8, 14)
    assert birth_agrees("255081416802538", born)
    assert not birth_agrees("255091416802538", born)
    assert birth_agrees("255201416802538", born)  # an incomplete record holds no month
