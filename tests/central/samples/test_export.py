"""Labelled samples leave the centre in the name of somebody, for a folder nobody else can read."""

import datetime as dt
import json
import stat
from pathlib import Path

import numpy as np
import pytest
import sqlalchemy as sa

from central import blobs
from central import cli as central_cli
from central.accounts.rules import EVERYWHERE, Person, Role
from central.db.engine import transaction
from central.db.tables import audit, keyings
from central.documents.rules import KeyedValue, KeyReason
from central.documents.store import source_digests
from central.keying.store import SubmittedField
from central.quality import store as quality_store
from central.samples.export import document_hash
from edge.ocr.network_io import HEIGHT_PX, line_tensor
from models.training.lines import samples
from tests.support.console import add_person
from tests.support.controlled import NIR, SURNAME, TOTAL, controlled, entry_of, put
from vaguemestre.model.lot import DocumentRecord


@pytest.fixture
def config(database_url: str, tmp_path: Path) -> Path:
    """Settings of a centre whose samples live for a year."""
    secret = tmp_path / "unused"
    text = f"""
        [database]
        url = "{database_url}"
        [blobs]
        url = "file://{tmp_path}/images"
        [intake]
        listen = "127.0.0.1:0"
        ca_file = "{secret}"
        certificate_file = "{secret}"
        key_file = "{secret}"
    """
    file = tmp_path / "centre.toml"
    file.write_text(text, "utf-8")
    return file


@pytest.fixture
def made(engine: sa.Engine, tmp_path: Path) -> DocumentRecord:
    """A controlled document: a NIR read right, a name misread, an amount that nobody can read."""
    add_person(engine, "sophie", Role.SUPERVISOR)
    add_person(engine, "hugo", Role.ADMIN)
    keyer = Person(
        add_person(engine, "karim", Role.KEYER),
        "karim",
        "Karim",
        frozenset(),
        EVERYWHERE,
        EVERYWHERE,
    )
    document = put(engine, controlled(), blobs=blobs.folder_store(tmp_path / "images"))
    assert quality_store.take_next_control(engine, keyer, 60.0) == document.id
    sent = {
        0: SubmittedField(KeyedValue(NIR), "ok"),
        1: SubmittedField(KeyedValue("DUPRET")),
        2: SubmittedField(KeyedValue(None, KeyReason.ILLEGIBLE)),
    }
    quality_store.submit_control(engine, keyer, document.id, entry_of, sent)
    with transaction(engine) as connection:
        connection.execute(sa.text("UPDATE controls SET state = 'done', done_at = now()"))
    return document


def _export(config: Path, folder: Path, *options: str, actor: str = "sophie") -> int:
    command = ["samples", "--config", str(config), "export", str(folder), "--actor", actor]
    return central_cli.main([*command, *options])


def _labels(folder: Path) -> list[dict[str, object]]:
    return [json.loads(line) for line in (folder / "labels.jsonl").read_text("utf-8").splitlines()]


def test_each_keyed_field_becomes_a_picture_and_a_label(
    config: Path, made: DocumentRecord, tmp_path: Path
) -> None:
    folder = tmp_path / "pris"
    assert _export(config, folder) == 0
    nir, name, total = _labels(folder)
    assert name == {
        "file": "crops/000002.png", "document": document_hash(made.id), "type": "S3110",
        "field": "insured_name", "kind": "name", "truth": "DUPRET", "reason": None,
        "reading": SURNAME, "raw": SURNAME, "confidence": 0.97, "accepted": True,
        "pass": "control", "dpi": 50.0, "height_mm": 7.0, "versions": dict(made.versions),
    }  # fmt: skip
    assert (nir["truth"], nir["reading"]) == (NIR, NIR)
    assert (total["truth"], total["reason"], total["reading"]) == (None, "illegible", TOTAL)
    assert str(made.id) not in (folder / "labels.jsonl").read_text("utf-8")


def test_training_reads_what_was_exported(
    config: Path, made: DocumentRecord, tmp_path: Path
) -> None:
    folder = tmp_path / "pris"
    _export(config, folder)
    found = samples.labelled(folder)
    assert [(one.kind, one.truth, one.is_wrong) for one in found] == [
        ("nir", NIR, False),
        ("name", "DUPRET", True),
        ("amount", None, True),
    ]
    # 62 x 9 mm with the margin, of a page of 1,654 x 2,339 pixels that the station called A4.
    assert found[1].image.shape == (71, 488)
    assert found[1].image.dtype == np.uint8
    is_held_out = found[1].is_held_out
    (line,) = samples.real_lines(folder, held_out=is_held_out)
    assert line.text == "DUPRET"
    assert line_tensor(line.image).shape[0] == HEIGHT_PX
    assert samples.real_lines(folder, held_out=not is_held_out) == []


def test_nobody_else_can_read_what_was_exported(
    config: Path, made: DocumentRecord, tmp_path: Path
) -> None:
    folder = tmp_path / "pris"
    _export(config, folder)
    for path in (folder, *folder.rglob("*")):
        assert stat.S_IMODE(path.stat().st_mode) & 0o077 == 0, path


@pytest.mark.parametrize("mode", [0o755, 0o750, 0o701])
def test_a_folder_that_others_may_enter_is_refused(
    config: Path, made: DocumentRecord, tmp_path: Path, mode: int,
    capsys: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    folder = tmp_path / "pris"
    folder.mkdir()
    folder.chmod(mode)
    assert _export(config, folder) == 1
    assert "d'autres comptes" in capsys.readouterr().err
    assert list(folder.iterdir()) == []


def test_a_folder_with_something_in_it_is_refused(
    config: Path, made: DocumentRecord, tmp_path: Path
) -> None:
    folder = tmp_path / "pris"
    assert _export(config, folder) == 0
    assert _export(config, folder) == 1


@pytest.mark.parametrize("actor", ["hugo", "karim", "nobody"])
def test_only_who_supervises_may_take_samples(
    config: Path, made: DocumentRecord, tmp_path: Path, actor: str, engine: sa.Engine
) -> None:
    assert _export(config, tmp_path / "pris", actor=actor) == 1
    assert not (tmp_path / "pris").exists()
    assert _trail(engine) == []


def test_an_account_that_was_closed_takes_none(
    config: Path, made: DocumentRecord, tmp_path: Path, engine: sa.Engine
) -> None:
    with transaction(engine) as connection:
        connection.execute(sa.text("UPDATE people SET is_active = false WHERE login = 'sophie'"))
    assert _export(config, tmp_path / "pris") == 1


def _trail(engine: sa.Engine) -> list[sa.RowMapping]:
    with transaction(engine) as connection:
        query = sa.select(audit).where(audit.c.action == "samples_exported")
        return list(connection.execute(query).mappings())


def test_the_trail_says_who_took_how_many(
    config: Path, made: DocumentRecord, tmp_path: Path, engine: sa.Engine
) -> None:
    _export(config, tmp_path / "pris", "--field", "nir", "--since", "2026-01-31")
    (line,) = _trail(engine)
    assert line["actor"] == "person:sophie"
    assert (line["detail"]["count"], line["detail"]["documents"]) == (1, 1)
    assert line["detail"]["field"] == "nir"
    assert line["detail"]["through"].startswith("person:")
    assert NIR not in json.dumps(line["detail"])


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        (("--type", "S3110"), 3),
        (("--type", "S3704"), 0),
        (("--field", "total"), 1),
        (("--limit", "2"), 2),
        (("--since", "2100-01-01"), 0),
    ],
)
def test_what_is_taken_can_be_narrowed(
    config: Path, made: DocumentRecord, tmp_path: Path, options: tuple[str, ...], expected: int
) -> None:
    assert _export(config, tmp_path / "pris", *options) == 0
    assert len(_labels(tmp_path / "pris")) == expected


def test_samples_past_their_time_and_open_disputes_are_never_given(
    config: Path, made: DocumentRecord, tmp_path: Path, engine: sa.Engine
) -> None:
    with transaction(engine) as connection:
        connection.execute(
            keyings.update()
            .where(keyings.c.position == 0)
            .values(keyed_at=sa.func.now() - dt.timedelta(days=366))
        )
    _export(config, tmp_path / "pris")
    assert {label["field"] for label in _labels(tmp_path / "pris")} == {"insured_name", "total"}
    with transaction(engine) as connection:
        connection.execute(sa.text("UPDATE controls SET state = 'disputed'"))
    _export(config, tmp_path / "disputes")
    assert _labels(tmp_path / "disputes") == []


def test_an_image_that_is_gone_is_left_out_and_told(
    config: Path, made: DocumentRecord, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (digest,) = source_digests(made.document)
    (tmp_path / "images" / blobs.key_of(digest)).unlink()
    assert _export(config, tmp_path / "pris") == 0
    assert _labels(tmp_path / "pris") == []
    assert "3 sans image lisible" in capsys.readouterr().out
