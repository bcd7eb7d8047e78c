"""The trail is read in French: every action that the store writes has its words."""

from central.audit.views import _line
from central.web import labels
from tests.support import source


def test_every_action_has_its_words() -> None:
    written = {
        action
        for action in source.texts_handed_to("central", {"audit.record"}, 2)
        if "{" not in action
    }

    assert {"document_stored", "account_closed", "sign_in_failed"} <= written
    assert written - set(labels.ACTIONS) == set()


def test_changes_are_told_as_before_and_after() -> None:
    detail = {
        "before": {"roles": ["keyer"], "sites": [], "team": "A"},
        "after": {"roles": ["keyer", "auditor"], "sites": ["gien"], "team": "A"},
    }

    assert labels.detail_lines(detail) == [
        ("rôles", "vidéocodage → vidéocodage, audit"),
        ("sites", "tous → gien"),
    ]


def test_details_are_told_without_codes() -> None:
    told = {"why": "control", "type": "misdirected", "state": "to_name"}

    assert labels.detail_text(told) == "pour : contrôler, type : autre organisme, état : à nommer"


def test_a_spreadsheet_runs_nothing_of_what_somebody_was_called() -> None:
    assert _line(["=1+1", "-2", "@x", "a;b", 'c"d']) == '\'=1+1;\'-2;\'@x;"a;b";"c""d"\r\n'
