"""What may go without a person: by kind, tighter by field, never what a key chose."""

from dataclasses import replace

import pytest

from edge.extraction.acceptance import accepts_cells, accepts_total, is_accepted
from vaguemestre.model.document import Check
from vaguemestre.model.forms import FieldKind, FieldSpec

NAME = FieldSpec("beneficiary_name", FieldKind.NAME)
NIR = FieldSpec("nir", FieldKind.NIR)


def test_a_field_of_its_own_threshold_needs_to_be_surer_than_its_kind() -> None:
    tight = replace(NAME, accept_doubt=0.02)

    assert is_accepted(NAME, Check.NONE, 0.96, 0.001)
    assert not is_accepted(tight, Check.NONE, 0.96, 0.001)
    assert is_accepted(tight, Check.NONE, 0.99, 0.001)


def test_a_loose_threshold_of_a_field_does_not_loosen_its_kind() -> None:
    assert not is_accepted(replace(NAME, accept_doubt=0.9), Check.NONE, 0.4, 0.001)


@pytest.mark.parametrize("check", [Check.FAILED, Check.REPAIRED])
def test_what_a_key_refused_or_chose_never_goes_by_itself(check: Check) -> None:
    assert not is_accepted(NIR, check, 1.0, 0.001)
    assert not accepts_cells(NIR, check, 1.0, 0.001, has_key=True)


def test_fewer_errors_wanted_fewer_values_accepted() -> None:
    assert is_accepted(NIR, Check.OK, 0.7, 0.001)
    assert not is_accepted(NIR, Check.OK, 0.7, 0.0001)
    assert accepts_cells(NIR, Check.OK, 0.7, 0.001, has_key=True)
    assert not accepts_cells(NIR, Check.OK, 0.7, 0.0001, has_key=True)
    assert accepts_total(0.8, 0.001, is_copied=False)
    assert not accepts_total(0.8, 0.001, is_copied=True)
    assert not accepts_total(0.8, 0.0001, is_copied=False)
