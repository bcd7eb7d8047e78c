"""``vaguemestre-edge read`` as a user runs it: real processes, odd names, the JSON contract."""

import hashlib
import json
import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import psutil
import pytest
import zxingcpp
from jsonschema import Draft202012Validator
from PIL import ImageFont

from edge.cli.main import main
from edge.errors import ReadingError
from edge.imaging import cleaning
from models.training.drawing import mail
from tests.support import paper, pictures, tiffs
from tests.support.waiting import wait_until

ROOT = Path(__file__).parents[3]
SCHEMA = json.loads((ROOT / "docs" / "read.schema.json").read_text("utf-8"))
VALIDATOR = Draft202012Validator(SCHEMA)
BLANK = pictures.encoded(np.full((600, 400), 255, np.uint8), "PNG")


def start(*arguments: str | Path, **more: Any) -> "subprocess.Popen[bytes]":
    return subprocess.Popen(
        # A shell's background job ignores SIGINT, and so would what it starts.
        ["env", "--default-signal=INT", sys.executable, "-m", "edge", "read", *map(str, arguments)],
        env={
            **os.environ,
            "PYTHONPATH": f"{ROOT}{os.pathsep}{ROOT / 'proto'}",
            **more.pop("env", {}),
        },
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        **more,
    )


def run(*arguments: str | Path, **more: Any) -> tuple[int, bytes, str]:
    process = start(*arguments, **more)
    out, err = process.communicate(timeout=120)
    return process.returncode, out, err.decode()


def children_of(process: "subprocess.Popen[bytes]") -> list[psutil.Process]:
    """Its reading processes, as soon as there are any."""
    owner = psutil.Process(process.pid)
    wait_until(lambda: bool(owner.children()))
    return list(owner.children())


def answer(*arguments: str | Path, **more: Any) -> dict[str, Any]:
    """What the command says in JSON: it must end well and keep its contract."""
    status, out, err = run(*arguments, "--json", **more)
    assert (status, err) == (0, "")
    told: dict[str, Any] = json.loads(out.decode("utf-8"))
    assert [error.message for error in VALIDATOR.iter_errors(told)] == []
    return told


def read_files(told: dict[str, Any]) -> list[tuple[str, int]]:
    return [(page["file"], page["index"]) for d in told["documents"] for page in d["pages"]]


def codes(told: dict[str, Any]) -> dict[str, str]:
    return {aside["file"]: aside["code"] for aside in told["set_aside"]}


def contents(folder: Path) -> dict[str, tuple[int, str]]:
    """All that is below a folder: kind, and digest of what is a file."""
    found = {}
    for path in sorted(folder.rglob("*")):
        is_plain = path.is_file() and not path.is_symlink()
        digest = hashlib.sha256(path.read_bytes()).hexdigest() if is_plain else ""
        found[os.fsdecode(bytes(path))] = (path.lstat().st_mtime_ns, digest)
    return found


def test_the_schema_is_one_and_names_every_reason() -> None:
    Draft202012Validator.check_schema(SCHEMA)

    def below(kind: type[ReadingError]) -> set[str]:
        return {kind.code}.union(*(below(child) for child in kind.__subclasses__()))

    told = SCHEMA["$defs"]["set_aside"]["properties"]["code"]["enum"]
    assert set(told) == below(ReadingError) - {ReadingError.code}


def awkward(folder: Path) -> dict[str, str | None]:
    """Fill a folder; by the name to be told, the code by which a file is set aside."""
    good = [
        "l'été \"d'août\".png",
        "a\nb\tc.png",
        "[red]x[/].png",
        "..deux..points...png",
        "-x.png",
    ]
    good += ["😀 œuvre n° 7 %s $(rm).png", "sous/dossier/10.png", "sous/dossier/9.png"]
    for name in good:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(BLANK)
    Path(os.fsdecode(bytes(folder) + b"/latin-\xe9t\xe9.png")).write_bytes(BLANK)
    (folder / "rempli.pdf").mkdir()
    (folder / "rempli.pdf" / "1.png").write_bytes(BLANK)
    broken: dict[str, tuple[bytes, str]] = {
        "vide.tif": (b"", "file_empty"),
        "texte.txt": (b"bonjour", "format_unknown"),
        "menteur.tif": (b"\x89PNG\r\n\x1a\n", "image_undecodable"),
        "coupe.png": (BLANK[: len(BLANK) // 2], "file_truncated"),
        "sans-page.tif": (b"II*\0\0\0\0\0", "no_page"),
        "enorme.tif": (tiffs.compose((tiffs.page(35_000, 35_000), [b"\0"])), "page_too_large"),
    }
    for name, (data, _) in broken.items():
        (folder / name).write_bytes(data)
    (folder / "x.pdf").mkdir()
    (folder / "lien.png").symlink_to(folder / "-x.png")
    (folder / "lien-mort.png").symlink_to(folder / "absent")
    (folder / "lien-dossier").symlink_to(folder / "sous")
    os.mkfifo(folder / "tube.png")
    (folder / ".cache.png").write_bytes(BLANK)
    (folder / "Thumbs.db").write_bytes(b"litter")
    irregular = ["x.pdf", "lien.png", "lien-mort.png", "lien-dossier", "tube.png"]
    return {
        **dict.fromkeys([*good, "latin-\\xe9t\\xe9.png", "rempli.pdf/1.png"]),
        **{name: code for name, (_, code) in broken.items()},
        **dict.fromkeys(irregular, "not_regular_file"),
    }


def test_every_file_of_an_awkward_folder_is_answered_for_and_left_alone(tmp_path: Path) -> None:
    lot = tmp_path / "lot n° 1"
    lot.mkdir()
    expected = awkward(lot)
    before = contents(lot)
    told = answer(lot)
    assert codes(told) == {name: code for name, code in expected.items() if code}
    read = [file for file, _ in read_files(told)]
    assert sorted(read) == sorted(name for name, code in expected.items() if code is None)
    assert read.index("sous/dossier/9.png") < read.index("sous/dossier/10.png")
    assert all(aside["reason"].endswith(".") for aside in told["set_aside"])
    assert contents(lot) == before


def test_the_same_as_a_table_breaks_at_no_name(tmp_path: Path) -> None:
    (tmp_path / "x[").mkdir()
    for name in ("x[/red].tif", "a\nb.tif"):
        (tmp_path / name).touch()
    status, out, err = run(tmp_path)
    assert (status, err) == (0, "")
    assert "x[/red].tif" in out.decode()
    assert "a�b.tif" in out.decode()
    assert "Le fichier est vide" in out.decode()


def test_paths_are_lots_of_their_own_whatever_they_are(tmp_path: Path) -> None:
    (tmp_path / "ici").mkdir()
    (tmp_path / "a.png").write_bytes(BLANK)
    (tmp_path / "b.png").write_bytes(BLANK)
    os.mkfifo(tmp_path / "tube")
    (tmp_path / "lien").symlink_to(tmp_path / "a.png")
    (tmp_path / "x.pdf").mkdir()
    (tmp_path / "rien").mkdir()
    paths = ["../a.png", "../b.png", "../tube", "../lien", "../x.pdf", "../rien"]
    told = answer(*paths, cwd=tmp_path / "ici")
    assert [[page["file"] for page in d["pages"]] for d in told["documents"]] == [
        ["a.png"],
        ["b.png"],
    ]
    assert codes(told) == {
        "tube": "not_regular_file",
        "lien": "not_regular_file",
        "x.pdf": "not_regular_file",
        "rien": "no_page",
    }


@pytest.mark.parametrize(
    "arguments",
    [
        ["read"],
        ["read", "--json"],
        ["read", "absent.tif"],
        ["read", "--workers", "0", "."],
        ["read", "--workers", "x", "."],
        ["read", "--nope", "."],
    ],
)
def test_wrong_arguments_end_with_2_and_say_why(
    arguments: Sequence[str], capsys: pytest.CaptureFixture[str]
) -> None:
    try:
        status: object = main(arguments)
    except SystemExit as refused:  # argparse ends the program itself
        status = refused.code
    out, err = capsys.readouterr()
    assert (status, out) == (2, "")
    assert err.strip()


def test_both_sides_of_a_sheet_are_one_document_where_the_command_is_told_so(
    tmp_path: Path,
) -> None:
    """Two sheets of text, both sides of each."""
    for number in range(4):
        page = paper.text(paper.sheet(number), lines=6 + number)
        (tmp_path / f"{number}.png").write_bytes(pictures.encoded(page, "PNG"))

    def pages(*options: str) -> list[list[tuple[str, str]]]:
        told = answer(tmp_path, "--workers", "1", *options)
        return [[(p["file"], p["role"]) for p in d["pages"]] for d in told["documents"]]

    assert pages("--duplex") == [
        [("0.png", "front"), ("1.png", "back")],
        [("2.png", "front"), ("3.png", "back")],
    ]
    assert pages() == [[(f"{number}.png", "front")] for number in range(4)]


def test_one_path_that_does_not_exist_is_a_wrong_argument_and_nothing_is_read(
    tmp_path: Path,
) -> None:
    (tmp_path / "a.png").write_bytes(BLANK)
    status, out, err = run(tmp_path / "a.png", tmp_path / "absent.png", "--json")
    assert (status, out) == (2, b"")
    assert "absent.png n'existe pas" in err


def test_a_file_that_vanishes_while_it_is_read_is_set_aside(tmp_path: Path) -> None:
    """It goes after the command has started its processes and before they come to it."""
    (tmp_path / "a.png").write_bytes(BLANK)
    vanishing = tmp_path / "b.png"
    vanishing.write_bytes(BLANK)
    with start(tmp_path / "a.png", vanishing, "--json") as process:
        children_of(process)
        vanishing.unlink()
        out, err = process.communicate(timeout=60)
    told = json.loads(out)
    assert (process.returncode, err) == (0, b"")
    assert codes(told) == {"b.png": "file_vanished"}
    assert read_files(told) == [("a.png", 0)]


def test_a_page_that_cannot_be_read_is_told_with_its_number(tmp_path: Path) -> None:
    pixels = np.full((600, 400), 255, np.uint8)
    good = tiffs.stripped(tiffs.page(400, 600), [pixels.tobytes()], 600)
    bad = tiffs.stripped(tiffs.page(400, 600, compression=8), [b"no"], 600)
    (tmp_path / "lot.tif").write_bytes(tiffs.compose(good, bad, good))
    told = answer(tmp_path / "lot.tif")
    assert [(a["file"], a["page"], a["code"]) for a in told["set_aside"]] == [
        ("lot.tif", 1, "image_undecodable")
    ]
    assert read_files(told) == [("lot.tif", 0), ("lot.tif", 2)]


def test_json_is_utf_8_on_any_terminal_and_no_cache_is_needed(tmp_path: Path) -> None:
    """The home cannot be written; what is made instead goes away with the command."""
    (tmp_path / "reçu n° 1.png").write_bytes(BLANK)
    spare = tmp_path / "tmp"
    spare.mkdir()
    surroundings = {
        "PYTHONIOENCODING": "ascii",
        "XDG_CACHE_HOME": "/proc/absent",
        "TMPDIR": str(spare),
    }
    told = answer(tmp_path / "reçu n° 1.png", env=surroundings)
    assert read_files(told) == [("reçu n° 1.png", 0)]
    assert list(spare.iterdir()) == []


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_what_may_not_be_read_is_set_aside(tmp_path: Path) -> None:
    closed, shut = tmp_path / "ferme.png", tmp_path / "dossier"
    closed.write_bytes(BLANK)
    shut.mkdir()
    for path in (closed, shut):
        path.chmod(0)
    try:
        told = answer(tmp_path)
    finally:
        for path in (closed, shut):
            path.chmod(0o700)
    assert codes(told) == {"ferme.png": "file_denied", "dossier": "file_denied"}


def test_an_interrupted_reading_leaves_no_process(tmp_path: Path) -> None:
    written = paper.text(np.full((2339, 1654), 255, np.uint8), lines=40)
    pages = [written] * 60
    (tmp_path / "lot.tif").write_bytes(pictures.tiff(*pages, compression="tiff_lzw"))
    with start(tmp_path / "lot.tif", "--json") as process:
        children = children_of(process)
        time.sleep(1.5)  # it may be anywhere: starting, counting, reading
        process.send_signal(signal.SIGINT)
        process.communicate(timeout=60)
    assert process.returncode == 130
    _, alive = psutil.wait_procs(children, timeout=5)
    assert alive == []


def test_a_barcode_named_on_the_command_line_separates(tmp_path: Path) -> None:
    sheet = np.full((2339, 1654), 255, np.uint8)
    code = zxingcpp.create_barcode("NOUVEAU-DOSSIER", zxingcpp.BarcodeFormat.Code128)
    bars = np.asarray(code.to_image(scale=4, add_quiet_zones=True), np.uint8)
    sheet[300 : 300 + bars.shape[0], 200 : 200 + bars.shape[1]] = bars
    written = paper.text(np.full_like(sheet, 255), lines=2)
    lot = pictures.tiff(written, sheet, written, compression="tiff_lzw", dpi=(200, 200))
    (tmp_path / "lot.tif").write_bytes(lot)
    told = answer(tmp_path / "lot.tif", "--separator-barcode", "NOUVEAU-*")
    places = [[(p["index"], p["role"]) for p in d["pages"]] for d in told["documents"]]
    assert places == [[(0, "front")], [(2, "front"), (1, "separator")]]


def font() -> Path:
    """A face that comes with a dependency; any will do."""
    return Path(ImageFont.__file__).parents[1] / "reportlab" / "fonts" / "Vera.ttf"


@pytest.mark.slow
def test_turned_pages_of_a_letter_are_read_upright(tmp_path: Path) -> None:
    page = mail.typed_letter(random.Random(1), 200, font())
    lot = []
    for rotation, skew in ((0, 1.5), (90, -2.0), (180, 2.0), (270, 0.0)):
        lot.append(cleaning.quarter_turn(paper.turned(page, skew), rotation))
    (tmp_path / "lettre.tif").write_bytes(pictures.tiff(*lot, compression="jpeg", dpi=(200, 200)))
    told = answer(tmp_path / "lettre.tif")
    pages = [page for document in told["documents"] for page in document["pages"]]
    assert [page["rotation"] for page in pages] == [0, 270, 180, 90]
    for page, skew in zip(pages, (1.5, -2.0, 2.0, 0.0), strict=True):
        assert page["skew_deg"] == pytest.approx(skew, abs=0.15)
        assert page["dpi"] == 200
        assert "Madame, Monsieur" in page["text"]
    assert all(document["route"] == "name" or document["pole"] for document in told["documents"])
