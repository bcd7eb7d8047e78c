"""Settings of destinations and dispatch that contradict each other, or say too little."""

from pathlib import Path
from typing import Any

import pydantic
import pytest

from central.config import CentralConfig, Destination, Dispatch
from central.errors import ConfigInvalid
from central.processes import make_target
from tests.support.dispatching import settings

_HTTP: dict[str, Any] = {"name": "A", "kind": "http", "url": "http://127.0.0.1:9/"}


def test_a_folder_has_a_marker_unless_the_settings_say_that_it_needs_none() -> None:
    assert Destination(name="A", kind="folder", folder=Path("/a")).marker == ".vaguemestre"
    assert Destination(name="A", kind="folder", folder=Path("/a"), marker="").marker == ""
    with pytest.raises(pydantic.ValidationError):
        Destination(name="A", kind="folder", folder=Path("/a"), marker="../elsewhere")


def test_an_answer_names_the_key_and_the_form_is_the_second_unless_they_say_otherwise() -> None:
    one = Destination(**_HTTP)
    assert (one.confirmation, one.package) == ("key", 2)


def test_a_lease_is_no_longer_than_a_hand_over_may_take() -> None:
    with pytest.raises(pydantic.ValidationError, match="lease_s"):
        Dispatch(lease_s=100.0, longest_hand_over_s=99.0)


def test_a_step_of_an_exchange_is_no_longer_than_a_hand_over_may_take(tmp_path: Path) -> None:
    slow = Destination(**_HTTP, timeout_s=2_000.0)
    with pytest.raises(pydantic.ValidationError, match="longest_hand_over_s: A"):
        settings(tmp_path, slow)
    assert isinstance(settings(tmp_path, slow, longest_hand_over_s=3_000.0), CentralConfig)


def test_a_former_secret_goes_with_a_secret() -> None:
    with pytest.raises(pydantic.ValidationError, match="goes with secret_file"):
        Destination(**_HTTP, former_secret_file=Path("/former"))


@pytest.mark.parametrize("content", [b"", b" \n", b"fifteen letters"])
def test_a_target_with_a_secret_that_could_be_guessed_is_not_made(
    tmp_path: Path, content: bytes
) -> None:
    (tmp_path / "secret").write_bytes(content)
    with pytest.raises(ConfigInvalid, match="16 octets"):
        make_target(Destination(**_HTTP, secret_file=tmp_path / "secret"))


def test_a_group_that_does_not_exist_is_told() -> None:
    one = Destination(name="A", kind="folder", folder=Path("/a"), group="no-such-group-here")
    with pytest.raises(ConfigInvalid, match="no-such-group-here"):
        make_target(one)


@pytest.mark.parametrize(
    ("folders", "wrong"),
    [
        ([("/a", "/a")], "A: folder lies in a returns_folder"),
        ([("/r/a", "/r")], "A: folder lies in a returns_folder"),
        ([("/a", "/r"), ("/r/../r/b", None)], "B: folder lies in a returns_folder"),
        ([("/a", "/r"), ("/b", "/r/")], "share a returns_folder"),
    ],
)
def test_returns_lie_where_nothing_is_delivered_and_are_of_one_destination(
    tmp_path: Path, folders: list[tuple[str, str | None]], wrong: str
) -> None:
    """Each delivery would be given back at once, or a pôle's return set aside by another's."""
    made = [
        Destination(
            name=name, kind="folder", folder=Path(folder), returns_folder=returns and Path(returns)
        )
        for name, (folder, returns) in zip("AB", folders, strict=False)
    ]
    with pytest.raises(pydantic.ValidationError, match=wrong):
        settings(tmp_path, *made)


def test_returns_may_lie_in_the_folder_of_deliveries(tmp_path: Path) -> None:
    one = Destination(name="A", kind="folder", folder=Path("/a"), returns_folder=Path("/a/retours"))
    assert settings(tmp_path, one).destinations == (one,)
