"""A file that is to hold a secret and is blank, or holds something else, ends the start."""

from collections.abc import Callable
from pathlib import Path

import pytest

from central import blobs, processes, sealing
from central.config import Blobs, CentralConfig, Database, Intake, Oidc
from central.errors import ConfigInvalid
from central.intake import server
from central.sign_in.oidc import IdentityProvider
from central.telemetry import Telemetry
from tests.support.certificates import Authority
from tests.support.dispatching import settings

_UNUSABLE = [b"", b" \n\t\n", b"one line\nand another\n", b"\xff\xfe\x00", b"a\x00b"]


def _as_password_of_the_database(folder: Path, file: Path) -> None:
    database = Database(url="postgresql://u@127.0.0.1:9/d", password_file=file)
    config: CentralConfig = settings(folder).model_copy(update={"database": database})
    with processes.opened(config):
        pytest.fail("it was opened")


def _as_secret_of_the_client(_: Path, file: Path) -> None:
    told = {"issuer": "https://id.example", "client_id": "v", "roles": {"g": "keyer"}}
    IdentityProvider(
        Oidc(**told, sites_claim="*", poles_claim="*", client_secret_file=file), "https://here/"
    )


def _as_key_of_the_store(_: Path, file: Path) -> None:
    blobs.open_store(Blobs(url="s3://bucket/p", s3_credentials_file=file))


def _as_key_that_seals(_: Path, file: Path) -> None:
    file.chmod(0o600)
    sealing.load(file)


@pytest.mark.parametrize(
    ("use", "content"),
    [
        *((use, content) for use in (_as_password_of_the_database, _as_secret_of_the_client)
          for content in _UNUSABLE),
        *((use, content) for use in (_as_key_of_the_store, _as_key_that_seals)
          for content in _UNUSABLE[:2]),
    ],
)  # fmt: skip
def test_a_blank_secret_is_refused_and_its_file_named(
    tmp_path: Path, use: Callable[[Path, Path], None], content: bytes
) -> None:
    file = tmp_path / "the-secret"
    file.write_bytes(content)
    with pytest.raises(ConfigInvalid, match="the-secret : ") as refused:
        use(tmp_path, file)
    assert "and another" not in str(refused.value)


@pytest.mark.parametrize("which", ["key_file", "certificate_file", "ca_file", "foreign key"])
def test_an_intake_whose_every_handshake_would_fail_does_not_start(
    tmp_path: Path, which: str
) -> None:
    authority = Authority(tmp_path)
    pair, other = authority.server(), authority.server("other")
    blank = tmp_path / "blank.pem"
    blank.write_bytes(b"\n")
    files = {
        "ca_file": authority.file,
        "certificate_file": pair.certificate,
        "key_file": other.key if which == "foreign key" else pair.key,
    }
    if which in files:
        files[which] = blank
    with pytest.raises(ConfigInvalid, match=r"\.(pem|key) : "):
        server._credentials(Intake(listen="127.0.0.1:0", **files), Telemetry("test"))
