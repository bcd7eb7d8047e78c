"""The page's words, markup and doors, without a socket."""

import datetime as dt
from dataclasses import replace

import pytest

from edge.spool.values import Rescan
from edge.web import forms, requests
from edge.web import status as web_status
from edge.web.forms import FormInvalid
from edge.web.requests import RequestRefused, has_token, is_allowed_host, is_own_post, parse_form
from edge.web.views import Markup, join, tag

_NAMES = requests.allowed_hosts(8070, ["station.example"])
_ACT = {
    "Host": "127.0.0.1:8070",
    "Origin": "http://127.0.0.1:8070",
    "Content-Type": "application/x-www-form-urlencoded",
    "Content-Length": "12",
}
NOON = dt.datetime(2026, 3, 2, 12, tzinfo=dt.UTC)


def test_text_and_attributes_never_become_markup() -> None:
    made = tag("p", "<b>", tag("i", "&"), title='"><script>', hidden=False, autofocus=True)
    assert made == '<p title="&quot;&gt;&lt;script&gt;" autofocus>&lt;b&gt;<i>&amp;</i></p>'
    assert join([tag("br"), Markup("")]) == "<br>"
    assert tag("label", "x", for_="y", aria_label="z") == '<label for="y" aria-label="z">x</label>'


@pytest.mark.parametrize("host", ["127.0.0.1:8070", "localhost:8070", "Station.example"])
def test_the_page_is_called_by_its_own_names(host: str) -> None:
    assert is_allowed_host({"Host": host}, _NAMES) is None


@pytest.mark.parametrize("host", ["", "evil.example", "127.0.0.1", "127.0.0.1:80"])
def test_a_name_that_was_made_to_point_here_is_turned_away(host: str) -> None:
    refused = is_allowed_host({"Host": host}, _NAMES)
    assert refused is not None
    assert refused.status == 421


def test_an_act_comes_from_our_own_page() -> None:
    assert is_own_post(_ACT) is None


@pytest.mark.parametrize(
    ("changes", "status"),
    [
        ({"Origin": "http://evil.example"}, 403),
        ({"Origin": "null"}, 403),
        ({"Origin": ""}, 403),
        ({"Origin": "http://127.0.0.1:9"}, 403),
        ({"Content-Type": "application/json"}, 415),
        ({"Content-Type": ""}, 415),
        ({"Content-Length": ""}, 411),
        ({"Content-Length": "-1"}, 411),
        ({"Content-Length": "²"}, 411),
        ({"Content-Length": "8193"}, 413),
        ({"Content-Length": "9" * 5_000}, 413),
    ],
)
def test_any_other_act_is_refused(changes: dict[str, str], status: int) -> None:
    refused = is_own_post(_ACT | changes)
    assert refused is not None
    assert refused.status == status


def test_a_form_is_read_and_its_last_value_counts() -> None:
    assert parse_form(b"lot=A+%C3%A9&lot=B&vide=") == {"lot": "B", "vide": ""}
    assert parse_form(b"") == {}


@pytest.mark.parametrize(
    "body", [b"\xff", b"lot=%FF", b"lot=a%00b", b"lot", b"&".join([b"a=1"] * 21)]
)
def test_a_malformed_form_is_refused(body: bytes) -> None:
    assert isinstance(parse_form(body), RequestRefused)


def test_an_act_carries_the_word_that_only_our_page_was_told() -> None:
    assert has_token({"jeton": "mot"}, "mot") is None
    for form in ({"jeton": "é"}, {"jeton": ""}, {}):
        refused = has_token(form, "mot")
        assert refused is not None
        assert refused.status == 403


@pytest.mark.parametrize(
    ("value", "said"), [(0, "0 o"), (999, "999 o"), (23_400, "23 ko"), (7_600_000_000, "7,6 Go")]
)
def test_sizes_are_said_as_people_say_them(value: int, said: str) -> None:
    assert web_status.size(value) == said


@pytest.mark.parametrize(
    ("seconds", "said"), [(5, "5 s"), (600, "10 min"), (7_300, "2 h"), (400_000, "5 j")]
)
def test_ages_are_said_in_the_unit_that_people_would_use(seconds: int, said: str) -> None:
    assert web_status.age(NOON - dt.timedelta(seconds=seconds), NOON) == said


def test_a_number_and_its_noun_agree() -> None:
    assert web_status.counted(1, "lot") == "1 lot"
    assert web_status.counted(0, "lot") == "0 lot"
    assert web_status.counted(1_234, "lot") == "1\u202f234 lots"


def test_an_answer_is_followed_to_the_centre() -> None:
    one = Rescan("d", "LOT", "flou", NOON, "id", "CODE")
    assert web_status.standing_of(one) == "À numériser"
    told = {
        web_status.standing_of(replace(one, scanned=1)),
        web_status.standing_of(replace(one, scanned=1, sent=1)),
        web_status.standing_of(replace(one, impossible="non")),
    }
    assert len(told) == 3


@pytest.mark.parametrize(
    "form",
    [
        {"processus": "dmt"},
        {"type": "S9999"},
        {"recu": "2/3/2026"},
        {"documents": "0"},
        {"pages": "-1"},
        {"documents": "1e3"},
        {"lot": "x" * 61},
        {"lot": "a\nb"},
        {"caisse": "é;"},
        {"recu": "1815-06-18"},
    ],
)
def test_a_header_sheet_that_cannot_be_printed_is_explained(form: dict[str, str]) -> None:
    wrong = forms.header_sheet(form, ["S3110"])
    assert isinstance(wrong, FormInvalid)
    assert all(problem.endswith(".") for problem in wrong.problems)


@pytest.mark.parametrize("count", ["", "0", "2001", "dix", "٣", "9" * 99])
def test_a_senseless_number_of_separators_is_explained(count: str) -> None:
    assert isinstance(forms.separator_sheets({"nombre": count}), FormInvalid)


def test_sheets_that_were_asked_for_are_printed() -> None:
    asked = {"lot": "Été 14", "type": "S3110", "documents": "12", "urgent": "oui"}
    for made in (forms.separator_sheets({"nombre": "2"}), forms.header_sheet(asked, ["S3110"])):
        assert isinstance(made, bytes)
        assert made.startswith(b"%PDF")


@pytest.mark.parametrize(
    ("text", "is_one"),
    [
        ("Introuvable\u00a0: détruit\u202f!", True),
        ("ab", False),
        ("a\x00bc", False),
        ("abc\u202e", False),
    ],
)
def test_a_reason_is_what_a_person_writes(text: str, is_one: bool) -> None:
    assert forms.is_reason(text) is is_one
