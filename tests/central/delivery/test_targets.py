"""What every target promises, against the application that it was made for.

An application under test tells what it holds, can lose its connection, and can take documents
away. The same tests run against each.
"""

import hashlib
import hmac
import json
import os
import re
import ssl
import uuid
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, Protocol

import pytest

from central.delivery.package import Package
from central.delivery.targets.base import Delivered, OtherContent, Rejected, Target, Unavailable
from central.delivery.targets.folder import FolderTarget
from central.delivery.targets.http import HttpTarget, Secrets, sign_package
from tests.support.certificates import Authority
from tests.support.http_pole import SECRET, HttpApplication
from tests.support.packages import files_of
from tests.support.packages import package as made_package


def _package(number: int = 0, content: bytes = b"pdf") -> Package:
    document_id = str(uuid.UUID(int=0x0192F1C2 << 96 | 7 << 76 | 2 << 62 | number))
    return made_package(document_id, f"{document_id}-TEST-1", content)


class Application(Protocol):
    """A pôle's side of a target."""

    @property
    def target(self) -> Target:
        """The target under test."""
        ...

    def holds(self) -> dict[str, dict[str, bytes]]:
        """Files by name, by delivery's key; each delivery that ever arrived whole."""
        ...

    def arrivals(self) -> int:
        """How many times something arrived."""
        ...

    def take_away(self) -> None:
        """The pôle works its documents off."""
        ...

    def disconnect(self) -> None:
        """Nothing can be delivered from now on."""
        ...


class FolderApplication:
    """A pôle that looks into its folder, and remembers what it took away."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder / "pole"
        self._taken: list[Path] = []
        self._away = folder / "taken"
        self._away.mkdir()
        self.target = FolderTarget(self._folder)

    def holds(self) -> dict[str, dict[str, bytes]]:
        found = [*self._listed(), *self._taken]
        return {
            re.sub(r"^\d+~", "", entry.name): {f.name: f.read_bytes() for f in entry.iterdir()}
            for entry in found
        }

    def arrivals(self) -> int:
        return len(self._listed()) + len(self._taken)

    def take_away(self) -> None:
        for entry in self._listed():
            self._taken.append(entry.rename(self._away / f"{len(self._taken)}~{entry.name}"))

    def disconnect(self) -> None:
        self._folder.parent.chmod(0o755)
        self.take_away()
        if self._folder.exists():
            self._folder.rename(self._folder.with_name("elsewhere"))
        self._folder.write_text("a file stands where the folder was")

    def _listed(self) -> list[Path]:
        if not self._folder.is_dir():
            return []
        return [entry for entry in self._folder.iterdir() if not entry.name.startswith(".")]


@pytest.fixture
def pole() -> Iterator[HttpApplication]:
    application = HttpApplication()
    yield application
    application.close()


@pytest.fixture(params=["folder", "http"])
def application(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Application]:
    if request.param == "folder":
        yield FolderApplication(tmp_path)
        return
    made = HttpApplication()
    yield made
    made.close()


def test_a_package_arrives_whole(application: Application) -> None:
    package = _package()
    assert isinstance(application.target.deliver(package), Delivered)
    assert application.holds() == {package.idempotency_key: files_of(package)}


def test_the_same_package_delivered_again_changes_nothing(application: Application) -> None:
    for content in (b"pdf", b"pdf", b"made anew, other bytes"):
        assert isinstance(application.target.deliver(_package(content=content)), Delivered)
    assert application.arrivals() == 1
    assert application.holds() == {_package().idempotency_key: files_of(_package())}


def test_what_the_pole_took_away_does_not_come_again(application: Application) -> None:
    application.target.deliver(_package())
    application.take_away()
    assert isinstance(application.target.deliver(_package()), Delivered)
    assert application.arrivals() == 1


def test_the_same_package_delivered_by_many_at_once_arrives_once(
    application: Application,
) -> None:
    with ThreadPoolExecutor(8) as threads:
        outcomes = list(threads.map(application.target.deliver, [_package()] * 16))
    assert all(isinstance(outcome, Delivered) for outcome in outcomes)
    assert application.arrivals() == 1


def test_different_packages_arrive_each(application: Application) -> None:
    with ThreadPoolExecutor(4) as threads:
        list(threads.map(application.target.deliver, [_package(n) for n in range(12)]))
    assert application.holds().keys() == {_package(n).idempotency_key for n in range(12)}


def test_another_round_of_the_same_document_is_another_delivery(application: Application) -> None:
    first = _package()
    again = made_package(first.document_id, f"{first.document_id}-TEST-2", b"2")
    application.target.deliver(first)
    application.take_away()
    application.target.deliver(again)
    assert application.holds().keys() == {first.idempotency_key, again.idempotency_key}


def test_an_application_that_is_away_is_unavailable(application: Application) -> None:
    application.target.deliver(_package())
    application.disconnect()
    outcome = application.target.deliver(_package(1))
    assert isinstance(outcome, Unavailable)
    assert outcome.reason.endswith(".")


def test_an_application_that_is_not_there_is_told_from_one_that_does_not_answer() -> None:
    """The one surely has nothing; the other may have it all."""
    application = HttpApplication()
    application.drops_answers = True
    silent = application.target.deliver(_package())
    assert isinstance(silent, Unavailable)
    assert silent.code == "http_no_answer"
    assert application.arrivals() == 1
    application.disconnect()
    away = application.target.deliver(_package(1))
    assert isinstance(away, Unavailable)
    assert away.code == "http_unreachable"
    application.close()


def test_an_application_that_answers_too_late_may_have_it() -> None:
    application = HttpApplication()
    target = HttpTarget(application.url, None, 0.3, None)
    gate = application.close_gate()
    late = target.deliver(_package())
    gate.set()
    assert isinstance(late, Unavailable)
    assert late.code == "http_no_answer"
    target.close()
    application.close()


# The folder, killed between any two steps


class Killed(BaseException):
    """The process ends here; nothing after it may touch the disk."""


class Fuse:
    """Ends the process before the step of that number; then every further step ends it too."""

    def __init__(self, patch: pytest.MonkeyPatch, before: int) -> None:
        self.steps, self._before = 0, before
        for owner, name in (
            (os, "link"), (os, "fsync"), (os, "open"), (Path, "mkdir"), (Path, "rename"),
            (Path, "unlink"), (os, "rmdir"), (os, "unlink"),
        ):  # fmt: skip
            patch.setattr(owner, name, self._guarded(getattr(owner, name)))

    def _guarded(self, real: Callable[..., Any]) -> Callable[..., Any]:
        def step(*args: Any, **keywords: Any) -> Any:
            self.steps += 1
            if self.steps >= self._before:
                raise Killed
            return real(*args, **keywords)

        return step


def _steps_of_a_delivery(folder: Path) -> int:
    folder.mkdir()
    with pytest.MonkeyPatch.context() as patch:
        fuse = Fuse(patch, 10_000)
        FolderTarget(folder).deliver(_package())
    return fuse.steps


def _deliver_and_be_killed(target: Target, before: int) -> None:
    with pytest.MonkeyPatch.context() as patch:
        Fuse(patch, before)
        with pytest.raises(Killed):
            target.deliver(_package())


@pytest.mark.parametrize("takes_away", [False, True])
def test_a_folder_delivery_killed_anywhere_arrives_once_when_tried_again(
    tmp_path: Path, takes_away: bool
) -> None:
    steps = _steps_of_a_delivery(tmp_path / "counted")
    assert steps > 20
    for before in range(1, steps + 1):
        base = tmp_path / str(before)
        base.mkdir()
        application = FolderApplication(base)
        _deliver_and_be_killed(application.target, before)
        for held in application.holds().values():
            assert held == files_of(_package()), f"half a package after step {before}"
        if takes_away:
            application.take_away()
        assert isinstance(application.target.deliver(_package()), Delivered)
        assert application.arrivals() == 1, f"killed before step {before}"
        assert application.holds() == {_package().idempotency_key: files_of(_package())}


def test_tidying_publishes_what_was_entered_and_deletes_what_was_not(tmp_path: Path) -> None:
    steps = _steps_of_a_delivery(tmp_path / "counted")
    for before in range(1, steps + 1):
        base = tmp_path / str(before)
        base.mkdir()
        application = FolderApplication(base)
        _deliver_and_be_killed(application.target, before)
        far = 10_000_000_000.0
        application.target.tidy(far)
        assert not list((base / "pole").glob(".en-cours/*")), before
        assert application.arrivals() <= 1


def test_a_draft_of_a_living_delivery_is_left_alone(tmp_path: Path) -> None:
    application = FolderApplication(tmp_path)
    application.target.deliver(_package())
    draft = tmp_path / "pole" / ".en-cours" / f"{_package(1).idempotency_key}.abc"
    draft.mkdir()
    application.target.tidy(draft.stat().st_mtime + 60)
    assert draft.is_dir()


def test_a_share_that_is_not_mounted_receives_nothing(tmp_path: Path) -> None:
    target = FolderTarget(tmp_path, marker=".monte")
    outcome = target.deliver(_package())
    assert isinstance(outcome, Unavailable)
    assert outcome.code == "folder_unmounted"
    assert not list(tmp_path.iterdir())
    (tmp_path / ".monte").touch()
    assert isinstance(target.deliver(_package()), Delivered)


def test_a_key_that_is_no_name_of_a_folder_is_rejected(tmp_path: Path) -> None:
    bad = made_package("0192f1c2", "../escape")
    assert isinstance(FolderTarget(tmp_path).deliver(bad), Rejected)


def test_a_full_disk_leaves_nothing_behind(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    application = FolderApplication(tmp_path)
    application.target.deliver(_package())

    def full(_: int) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(os, "fsync", full)
        outcome = application.target.deliver(_package(1))
    assert isinstance(outcome, Unavailable)
    assert "No space left" in outcome.reason
    assert outcome.code == "folder_unavailable"
    assert not list((tmp_path / "pole" / ".en-cours").iterdir())
    assert isinstance(application.target.deliver(_package(1)), Delivered)


@pytest.mark.parametrize("step", ["link", "rename"])
def test_a_folder_that_fails_once_a_package_is_whole_may_have_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, step: str
) -> None:
    application = FolderApplication(tmp_path)

    def broken(*_: object) -> None:
        raise OSError(5, "Input/output error")

    with monkeypatch.context() as patch:
        patch.setattr(*{"link": (os, "link"), "rename": (Path, "rename")}[step], broken)
        outcome = application.target.deliver(_package())
    assert isinstance(outcome, Unavailable)
    assert outcome.code == "folder_interrupted"
    assert isinstance(application.target.deliver(_package()), Delivered)
    assert application.arrivals() == 1


# HTTP alone


def test_a_signed_delivery_can_be_verified(pole: HttpApplication) -> None:
    package = _package()
    pole.target.deliver(package)
    headers = pole.headers[0]
    digests = [hashlib.sha256(data).hexdigest() for data in files_of(package).values()]
    text = "\n".join([headers["X-Vaguemestre-Time"], package.idempotency_key, *digests])
    wanted = hmac.new(SECRET, text.encode(), hashlib.sha256).hexdigest()
    assert headers["X-Vaguemestre-Signature"] == wanted
    assert headers["Idempotency-Key"] == package.idempotency_key


def test_the_signature_changes_with_every_part() -> None:
    package = _package()
    signed = sign_package(SECRET, "2026-11-03T08:30:00+00:00", package)
    assert signed != sign_package(b"other", "2026-11-03T08:30:00+00:00", package)
    assert signed != sign_package(SECRET, "2026-11-03T08:30:01+00:00", package)
    assert signed != sign_package(SECRET, "2026-11-03T08:30:00+00:00", _package(content=b"x"))
    assert signed != sign_package(SECRET, "2026-11-03T08:30:00+00:00", _package(1))


@pytest.mark.parametrize("status", [200, 201, 202, 204, 409])
def test_these_answers_mean_delivered(pole: HttpApplication, status: int) -> None:
    named = {"Idempotency-Key": _package().idempotency_key}
    pole.answers.append((status, named, b"" if status == 204 else b"n\xc2\xb0 7\0\n"))
    outcome = pole.target.deliver(_package())
    assert outcome == Delivered("" if status == 204 else "n° 7")


@pytest.mark.parametrize("status", [400, 413, 415, 422])
def test_these_answers_mean_never(pole: HttpApplication, status: int) -> None:
    pole.answers.append((status, {}, b"no"))
    outcome = pole.target.deliver(_package())
    assert isinstance(outcome, Rejected)
    assert outcome.code == f"http_{status}"


@pytest.mark.parametrize(
    "status", [301, 401, 403, 404, 405, 407, 408, 425, 429, 500, 502, 503, 504]
)
def test_these_answers_mean_later(pole: HttpApplication, status: int) -> None:
    pole.answers.append((status, {"Location": pole.url}, b"later"))
    outcome = pole.target.deliver(_package())
    said = f"L'application répond {status} : later"
    is_its_own = status == 500
    assert outcome == Unavailable(f"http_{status}", said, 0.0, may_be_document=is_its_own)
    assert pole.arrivals() == 0


@pytest.mark.parametrize(
    ("told", "least", "most"),
    [
        ("120", 120, 120),
        ("Wed, 21 Oct 2099 07:28:00 GMT", 1e9, 1e10),
        ("Wed, 21 Oct 2015 07:28:00 GMT", 0, 0),
        ("soon", 0, 0),
        ("-5", 0, 0),
        ("²", 0, 0),
    ],
)
def test_the_time_that_the_application_asks_for_is_kept(
    pole: HttpApplication, told: str, least: float, most: float
) -> None:
    pole.answers.append((503, {"Retry-After": told}, b""))
    outcome = pole.target.deliver(_package())
    assert isinstance(outcome, Unavailable)
    assert least <= outcome.retry_after_s <= most


def test_an_endless_receipt_is_cut(pole: HttpApplication) -> None:
    named = {"Idempotency-Key": _package().idempotency_key}
    pole.answers.append((200, named, b"a" * 1_000_000))
    outcome = pole.target.deliver(_package())
    assert isinstance(outcome, Delivered)
    assert len(outcome.receipt) == 200


@pytest.mark.parametrize("status", [200, 409])
@pytest.mark.parametrize(
    "answer",
    [
        ({}, b"<html><title>Maintenance</title></html>"),
        ({"Idempotency-Key": "another"}, b""),
        ({}, b'{"idempotency_key": "another"}'),
        ({}, b'{"idempotency_key": 7}'),
        ({}, b"[" * 100_000),
    ],
)
def test_an_answer_that_does_not_name_the_delivery_confirms_nothing(
    pole: HttpApplication, status: int, answer: tuple[dict[str, str], bytes]
) -> None:
    pole.answers.append((status, *answer))
    outcome = pole.target.deliver(_package())
    assert isinstance(outcome, Unavailable)
    assert outcome.code == "http_unconfirmed"


@pytest.mark.parametrize("status", [201, 409])
def test_an_answer_may_name_the_delivery_in_its_json(pole: HttpApplication, status: int) -> None:
    told = json.dumps({"idempotency_key": _package().idempotency_key}).encode()
    pole.answers.append((status, {}, told))
    assert isinstance(pole.target.deliver(_package()), Delivered)


@pytest.mark.parametrize("status", [204, 409])
def test_an_application_of_the_first_contract_confirms_by_its_status(
    pole: HttpApplication, status: int
) -> None:
    target = HttpTarget(pole.url, None, 5.0, None, demands_key=False)
    pole.answers += [(status, {}, b""), (200, {"Idempotency-Key": "another"}, b"")]
    assert isinstance(target.deliver(_package()), Delivered)
    assert isinstance(target.deliver(_package()), Unavailable)
    target.close()


@pytest.mark.parametrize("is_json", [False, True])
def test_an_application_that_holds_other_content_under_the_key_says_so(
    pole: HttpApplication, is_json: bool
) -> None:
    base = _package()
    made = made_package(base.document_id, base.idempotency_key, content="aa")
    named = {"idempotency_key": made.idempotency_key, "content_sha256": "bb"}
    headers = {"Idempotency-Key": made.idempotency_key, "X-Vaguemestre-Content": "bb"}
    pole.answers.append((409, *(({}, json.dumps(named).encode()) if is_json else (headers, b""))))
    assert isinstance(pole.target.deliver(made), OtherContent)
    pole.answers.append((409, headers | {"X-Vaguemestre-Content": "aa"}, b""))
    assert isinstance(pole.target.deliver(made), Delivered)
    assert pole.headers[-1]["X-Vaguemestre-Content"] == "aa"


@pytest.mark.parametrize(
    ("kind", "body", "said"),
    [
        ("application/json", b'{"reason": "NIR inconnu\\u0000"}', " : NIR inconnu"),
        ("text/plain; charset=utf-8", b"dossier clos\n", " : dossier clos"),
        ("text/html", b"<h1>non</h1>", "."),
        ("application/json", b'{"reason": 7}', "."),
    ],
)
def test_why_an_application_refuses_is_kept(
    pole: HttpApplication, kind: str, body: bytes, said: str
) -> None:
    pole.answers.append((422, {"Content-Type": kind}, body))
    outcome = pole.target.deliver(_package())
    assert outcome == Rejected("http_422", f"L'application refuse le document (422){said}")


def test_both_secrets_sign_while_an_application_changes_over(pole: HttpApplication) -> None:
    target = HttpTarget(pole.url, Secrets(SECRET, b"the secret before"), 5.0, None)
    target.deliver(_package())
    target.close()
    headers = pole.headers[0]
    at = headers["X-Vaguemestre-Time"]
    assert headers["X-Vaguemestre-Signature"] == sign_package(SECRET, at, _package())
    former = sign_package(b"the secret before", at, _package())
    assert headers["X-Vaguemestre-Signature-Former"] == former


def test_a_certificate_that_is_not_believed_is_told(tmp_path: Path) -> None:
    authority, other = Authority(tmp_path / "a"), Authority(tmp_path / "b")
    pair = authority.server()
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(pair.certificate, pair.key)
    pole = HttpApplication(context)
    target = HttpTarget(pole.url.replace("http:", "https:"), None, 5.0, other.file)
    outcome = target.deliver(_package())
    target.close()
    pole.close()
    assert isinstance(outcome, Unavailable)
    assert outcome.code == "http_tls"
    assert "CERTIFICATE_VERIFY_FAILED" in outcome.reason


# The folder's rights


def test_members_of_the_group_may_take_a_package_away_and_answer_in_it(tmp_path: Path) -> None:
    folder = tmp_path / "pole"
    made = _package()
    FolderTarget(folder, group=os.getgid()).deliver(made)
    package = folder / made.idempotency_key
    assert (folder.stat().st_mode & 0o070) == 0o070
    assert (package.stat().st_mode & 0o070) == 0o070
    for path in [package, *package.iterdir()]:
        assert path.stat().st_gid == os.getgid()
        assert path.stat().st_mode & 0o060 == 0o060
        assert not path.stat().st_mode & 0o007


def test_a_folder_that_the_group_cannot_take_from_receives_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "pole").mkdir(mode=0o700)

    def refuse(*_: object) -> None:
        raise PermissionError(1, "not the owner")

    monkeypatch.setattr(os, "chown", refuse)
    outcome = FolderTarget(tmp_path / "pole", group=os.getgid()).deliver(_package())
    assert isinstance(outcome, Unavailable)
    assert outcome.code == "folder_rights"
    assert not list((tmp_path / "pole").iterdir())
