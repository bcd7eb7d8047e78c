"""What fields say of each other, and what nothing can confirm."""

from dataclasses import replace

from edge.extraction.acceptance import cross_check
from vaguemestre.model.document import Check, Field


def name(field: str, value: str, *, accepted: bool, confidence: float = 0.9) -> Field:
    return Field(field, value, value, confidence, accepted, Check.NONE, 0, None)


def accepted(fields: tuple[Field, ...]) -> dict[str, bool]:
    return {field.name: field.accepted for field in fields}


def test_a_doubtful_name_that_stands_surely_elsewhere_is_accepted() -> None:
    fields = (
        name("insured_surname", "DUPONT", accepted=True),
        name("beneficiary_surname", "DUPONT", accepted=False, confidence=0.55),
    )

    assert accepted(cross_check(fields, 0.001)) == {
        "insured_surname": True,
        "beneficiary_surname": True,
    }


def test_what_is_for_a_person_is_confirmed_by_nothing() -> None:
    fields = (
        name("insured_surname", "DUPONT", accepted=True),
        name("beneficiary_surname", "DUPONT", accepted=False, confidence=0.55),
    )

    weighed = cross_check(fields, 0.001, {"beneficiary_surname"})

    assert accepted(weighed) == {"insured_surname": True, "beneficiary_surname": False}


def charges(*values: tuple[str, str], confidence: float = 0.9) -> list[Field]:
    """Amounts and their total, doubtful by themselves."""
    return [
        Field(field, value, value.replace(".", ""), confidence, False, Check.NONE, 0, None)
        for field, value in values
    ]


def test_charges_that_the_total_confirms_stay_with_a_person_where_they_must() -> None:
    amounts = charges(("amount_2", "17.00"), ("amount_3", "5.00"), ("total", "22.00"))

    free, held = cross_check(amounts, 0.001), cross_check(amounts, 0.001, {"amount_3"})

    assert accepted(free) == {"amount_2": True, "amount_3": True, "total": True}
    assert not accepted(held)["amount_3"]


def test_a_single_amount_and_its_total_confirm_only_what_is_nearly_sure() -> None:
    for confidence, is_accepted in ((0.9, False), (0.975, False), (0.985, True)):
        both = charges(("amount", "76.50"), ("total", "76.50"), confidence=confidence)
        assert set(accepted(cross_check(both, 0.001)).values()) == {is_accepted}
    unlike = [both[0], replace(both[1], confidence=0.97)]
    assert accepted(cross_check(unlike, 0.001)) == {"amount": False, "total": False}
    sure = [replace(field, confidence=0.9, accepted=True) for field in both]
    assert accepted(cross_check(sure, 0.001)) == {"amount": True, "total": True}


def test_a_digit_that_stands_in_the_total_as_it_is_may_be_misread_twice() -> None:
    """40 and 5 make 45 as 90 and 5 make 95."""
    doubtful = charges(("amount", "90.00"), ("amount_2", "5.00"), ("total", "95.00"))
    assert not any(accepted(cross_check(doubtful, 0.001)).values())
    surer = [replace(field, confidence=0.985) for field in doubtful]
    assert all(accepted(cross_check(surer, 0.001)).values())


def test_what_is_left_of_an_amount_whose_first_digits_are_hidden_is_for_a_person() -> None:
    for value in ("0.00", "0.50"):
        raw = value[-2:]
        rests = [
            Field(name, value, raw, 0.999, True, Check.NONE, 0, None)
            for name in ("amount", "total")
        ]
        assert not any(accepted(cross_check(rests, 0.001)).values())
        (alone,) = cross_check(rests[:1], 0.001)
        assert not alone.accepted
    typed = [Field("amount", "0.50", "0,50", 0.999, True, Check.NONE, 0, None)]
    assert cross_check(typed, 0.001)[0].accepted


def test_a_day_and_a_month_in_another_order_are_told_by_the_number() -> None:
    nir = Field("nir", "255081416802538", "", 0.99, True, Check.OK, 0, None)
    for day, is_accepted in (
        ("1955-08-03", True),
        ("1955-03-08", False),  # written month first
        ("1987-03-08", True),  # a child with a parent's number
    ):
        born = Field("birth_date", day, "", 0.99, True, Check.OK, 0, None)
        assert accepted(cross_check([nir, born], 0.001)) == {
            "nir": is_accepted,
            "birth_date": is_accepted,
        }


def test_of_a_form_that_names_two_people_for_one_nothing_is_accepted() -> None:
    above = (
        name("beneficiary_surname", "MOREL", accepted=True),
        name("beneficiary_given_names", "ANDRÉ", accepted=True),
        name("practitioner_surname", "PETIT", accepted=True),
    )
    same = name("declared_beneficiary", "ANDRÉ MOREL", accepted=True)
    child = name("declared_beneficiary", "LUCIE MOREL", accepted=True)
    other = name("declared_beneficiary", "PHILIPPE FERREIRA", accepted=True)

    for declared in (same, child):
        assert all(accepted(cross_check((*above, declared), 0.001)).values())
    assert not any(accepted(cross_check((*above, other), 0.001)).values())
