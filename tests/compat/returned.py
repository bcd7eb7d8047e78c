"""A returns folder as applications of each kind fill it."""

import json
from pathlib import Path

_ID = "0197a000-0000-7000-8000-00000000000{}"


def fill(folder: Path) -> None:
    """Directories and files with notes of all encodings, and something that is none of ours."""
    note = {"cause": "wrong_pole", "comment": "Concerne les prestations en espèces."}
    text = json.dumps(note, ensure_ascii=False)
    for number, encoding in enumerate(("utf-8", "utf-16", "cp1252"), 1):
        package = folder / f"{_ID.format(number)}-FRAIS_DE_SANTE-{number}"
        package.mkdir(parents=True)
        (package / "retour.json").write_bytes(text.encode(encoding))
    (folder / _ID.format(4)).mkdir()
    alone = {"cause": "wrong_value", "comment": "NIR", "round": 3}
    (folder / f"{_ID.format(5)}.json").write_text(json.dumps(alone), "utf-8")
    (folder / f"{_ID.format(6)}.json").write_text('{"cause": "a cause of tomorrow"}', "utf-8")
    (folder / "notes.txt").write_text("rien", "utf-8")


def tree(folder: Path) -> list[str]:
    """All that lies below a folder."""
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*"))
