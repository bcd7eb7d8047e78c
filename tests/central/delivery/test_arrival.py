"""What an outcome's code tells of where a document is."""

import pytest

from central.delivery.rules import Arrival, arrival


@pytest.mark.parametrize(
    "code",
    [
        "http_no_answer", "http_unconfirmed", "http_other_content", "http_302", "http_408",
        "http_500", "http_502", "http_503", "http_504", "folder_interrupted", "worker_lost",
        "http_of_a_later_version", "folder_of_a_later_version",
    ],
)  # fmt: skip
def test_what_does_not_surely_say_no_may_have_arrived(code: str) -> None:
    assert arrival(code) is Arrival.POSSIBLE


@pytest.mark.parametrize(
    "code",
    [
        "http_unreachable", "http_tls", "http_401", "http_403", "http_404", "http_405", "http_407",
        "http_425", "http_429", "folder_unmounted", "folder_rights", "folder_unavailable",
        "key_unfit", "package_failed", "dispatch_disk", "blob_missing",
    ],
)  # fmt: skip
def test_a_try_that_never_reached_the_application_says_nothing_of_the_ones_before(
    code: str,
) -> None:
    assert arrival(code) is Arrival.NOT_THIS_TIME


@pytest.mark.parametrize("code", ["http_400", "http_413", "http_415", "http_422"])
def test_a_refusal_is_an_answer_to_this_delivery(code: str) -> None:
    assert arrival(code) is Arrival.REFUSED
