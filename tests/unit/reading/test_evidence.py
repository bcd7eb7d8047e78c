"""What fields say of each other, and what nothing can confirm."""

from edge.document import Check, Field
from edge.reading.evidence import weigh


def name(field: str, value: str, *, accepted: bool, confidence: float = 0.9) -> Field:
    return Field(field, value, value, confidence, accepted, Check.NONE, 0, None)


def accepted(fields: tuple[Field, ...]) -> dict[str, bool]:
    return {field.name: field.accepted for field in fields}


def test_a_doubtful_name_that_stands_surely_elsewhere_is_accepted() -> None:
    fields = (
        name("insured_surname", "DUPONT", accepted=True),
        name("beneficiary_surname", "DUPONT", accepted=False, confidence=0.55),
    )

    assert accepted(weigh(fields, 0.001)) == {"insured_surname": True, "beneficiary_surname": True}


def test_what_is_for_a_person_is_confirmed_by_nothing() -> None:
    fields = (
        name("insured_surname", "DUPONT", accepted=True),
        name("beneficiary_surname", "DUPONT", accepted=False, confidence=0.55),
    )

    weighed = weigh(fields, 0.001, {"beneficiary_surname"})

    assert accepted(weighed) == {"insured_surname": True, "beneficiary_surname": False}


def test_charges_that_the_total_confirms_stay_with_a_person_where_they_must() -> None:
    amounts = [
        Field(field, value, value, 0.9, False, Check.NONE, 0, None)
        for field, value in (
            ("amount_2", "10.00"),
            ("amount_3", "5.00"),
            ("total", "15.00"),
        )
    ]

    free, held = weigh(amounts, 0.001), weigh(amounts, 0.001, {"amount_3"})

    assert accepted(free)["amount_3"]
    assert not accepted(held)["amount_3"]
