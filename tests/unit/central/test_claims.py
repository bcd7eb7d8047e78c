"""Claims of an identity provider become rights, or none."""

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from central.domain.access import EVERYWHERE, Role
from central.domain.claims import ClaimNames, Unfit, Vouched, has, vouched

_NAMES = ClaimNames(
    "preferred_username", "name", "roles", {"vm-ops": "operations"}, sites="*", poles="*"
)
_CLAIMS: dict[str, Any] = {
    "sub": "1", "preferred_username": "Anne", "name": "Anne Ops", "roles": ["vm-ops", "x"],
}  # fmt: skip


def test_groups_become_roles_and_others_mean_nothing() -> None:
    found = vouched(_CLAIMS, _NAMES)

    assert isinstance(found, Vouched)
    assert found.roles == {Role.OPERATIONS}
    assert (found.login, found.name, found.sites) == ("anne", "Anne Ops", EVERYWHERE)


def test_dots_lead_inside_as_keycloak_has_it() -> None:
    inside = {**_CLAIMS, "realm_access": {"roles": ["vm-ops"]}}
    names = replace(_NAMES, roles_in="realm_access.roles")

    assert isinstance(vouched(inside, names), Vouched)
    assert vouched(_CLAIMS, names) == Unfit("realm_access.roles")
    assert isinstance(vouched({**_CLAIMS, "realm_access.roles": "vm-ops"}, names), Vouched)


@pytest.mark.parametrize("told", [None, [], "", {}, 7, [3], {"*": 1}])
def test_a_wanted_limit_that_is_missing_gives_nothing_rather_than_all(told: object) -> None:
    found = vouched({**_CLAIMS, "sites": told}, replace(_NAMES, sites="sites"))

    assert found == Unfit("sites")


def test_a_star_gives_all_and_a_list_gives_what_it_says() -> None:
    names = replace(_NAMES, sites="s", poles="p")
    found = vouched({**_CLAIMS, "s": ["*"], "p": "FSP IJ"}, names)

    assert isinstance(found, Vouched)
    assert found.sites == EVERYWHERE
    assert found.poles == {"FSP", "IJ"}


@pytest.mark.parametrize(
    ("claim", "value"),
    [("sub", ""), ("sub", 5), ("preferred_username", "Deux Mots"), ("preferred_username", None)],
)
def test_nobody_without_a_subject_and_a_login(claim: str, value: object) -> None:
    assert vouched({**_CLAIMS, claim: value}, _NAMES) == Unfit(claim, is_about_rights=False)


_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=6,
)


@settings(deadline=None, suppress_health_check=list(HealthCheck))
@given(st.dictionaries(st.sampled_from([*_CLAIMS, "sites"]), _JSON))
def test_whatever_a_provider_says_ends_in_an_answer(claims: dict[str, Any]) -> None:
    found = vouched(claims, replace(_NAMES, sites="sites"))

    assert isinstance(found, Unfit) or found.roles == {Role.OPERATIONS}
    assert has(claims, _NAMES) in (True, False)
