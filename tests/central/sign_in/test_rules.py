"""Claims of an identity provider become rights, or none."""

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from central.accounts.rules import (
    EVERYWHERE,
    ClaimNames,
    ClaimsInvalid,
    ProviderIdentity,
    Role,
    has_all_claims,
    identity_from_claims,
)

_NAMES = ClaimNames(
    "preferred_username", "name", "roles", {"vm-ops": "operations"}, sites="*", poles="*"
)
_CLAIMS: dict[str, Any] = {
    "sub": "1", "preferred_username": "Anne", "name": "Anne Ops", "roles": ["vm-ops", "x"],
}  # fmt: skip


def test_groups_become_roles_and_others_mean_nothing() -> None:
    found = identity_from_claims(_CLAIMS, _NAMES)

    assert isinstance(found, ProviderIdentity)
    assert found.roles == {Role.OPERATIONS}
    assert (found.login, found.name, found.sites) == ("anne", "Anne Ops", EVERYWHERE)


def test_dots_lead_inside_as_keycloak_has_it() -> None:
    inside = {**_CLAIMS, "realm_access": {"roles": ["vm-ops"]}}
    names = replace(_NAMES, roles_in="realm_access.roles")

    assert isinstance(identity_from_claims(inside, names), ProviderIdentity)
    assert identity_from_claims(_CLAIMS, names) == ClaimsInvalid("realm_access.roles")
    assert isinstance(
        identity_from_claims({**_CLAIMS, "realm_access.roles": "vm-ops"}, names), ProviderIdentity
    )


@pytest.mark.parametrize("told", [None, [], "", {}, 7, [3], {"*": 1}])
def test_a_wanted_limit_that_is_missing_gives_nothing_rather_than_all(told: object) -> None:
    found = identity_from_claims({**_CLAIMS, "sites": told}, replace(_NAMES, sites="sites"))

    assert found == ClaimsInvalid("sites")


def test_a_star_gives_all_and_a_list_gives_what_it_says() -> None:
    names = replace(_NAMES, sites="s", poles="p")
    found = identity_from_claims({**_CLAIMS, "s": ["*"], "p": "FSP IJ"}, names)

    assert isinstance(found, ProviderIdentity)
    assert found.sites == EVERYWHERE
    assert found.poles == {"FSP", "IJ"}


@pytest.mark.parametrize(
    ("claim", "value"),
    [("sub", ""), ("sub", 5), ("preferred_username", "Deux Mots"), ("preferred_username", None)],
)
def test_nobody_without_a_subject_and_a_login(claim: str, value: object) -> None:
    assert identity_from_claims({**_CLAIMS, claim: value}, _NAMES) == ClaimsInvalid(
        claim, is_about_rights=False
    )


_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=6,
)


@settings(deadline=None, suppress_health_check=list(HealthCheck))
@given(st.dictionaries(st.sampled_from([*_CLAIMS, "sites"]), _JSON))
def test_whatever_a_provider_says_ends_in_an_answer(claims: dict[str, Any]) -> None:
    found = identity_from_claims(claims, replace(_NAMES, sites="sites"))

    assert isinstance(found, ClaimsInvalid) or found.roles == {Role.OPERATIONS}
    assert has_all_claims(claims, _NAMES) in (True, False)
