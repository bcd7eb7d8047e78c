"""What the golden files are about: invented lots and documents, as plain values."""

import base64
import hashlib
import json
from typing import Any

_HEAD = "iVBORw0KGgoAAAANSUhEUgAAACoAAAA7AQAAAAAlMiXIAAAACXBIWXMAAADFAAAAxQEdzbqoAAAA"
FILES = {
    name: base64.b64decode(_HEAD + rest)
    for name, rest in {
        "0001.png": "K0lEQVR4nGP8z8DAwHCQiYGBgYGBgWzqIyMjIxMDE///////kW/KKIVKAQC2SAc2z+7v9wAAAABJ"
        "RU5ErkJggg==",
        "0002.png": "KklEQVR4nGP8z8DAwHCQiYGBgYGBge7UR0ZGRiYGJv7/////o7/tg50CAJ45BzbIzy+vAAAAAElF"
        "TkSuQmCC",
        "0003.png": "KklEQVR4nGP8z8DAwHCQiYGBgYGBYchQHxkZGZkYmPj/////b6DdQjsKAIYqBzYjHyYNAAAAAElF"
        "TkSuQmCC",
        "0004.png": "KklEQVR4nGP8z8DAwHCQiYGBgYGBYdhTHxkZGZkYmPj/////b6DdQpgCAG4bBzaPZAWl"
        "AAAAAElFTkSuQmCC",
        "0005.png": "KUlEQVR4nGP8z8DAwHCQiYGBgYGBYZTCQX1kZGRkYmDi/////z/6WQsAVgwHNlpVqkoA"
        "AAAASUVORK5CYII=",
        "0006.png": "KUlEQVR4nGP8z8DAwHCQiYGBgYGBYZSiMvWRkZGRiYGJ//////9I1w4APf0HNtf3kg0A"
        "AAAASUVORK5CYII=",
    }.items()
}
"""Pictures of a page, 42 × 59 pixels."""
SHA256 = {name: hashlib.sha256(data).hexdigest() for name, data in FILES.items()}
VERSIONS = {"program": "0.3.0", "pack": "2026.1", "reader é": "1<2"}

ROLES = ("front", "back", "attachment", "blank", "separator")
CHECKS = ("ok", "repaired", "failed", "none")


def ref(file: str, index: int = 0) -> dict[str, Any]:
    """One image of a file."""
    return {"file": file, "index": index, "sha256": SHA256[file]}


def page(file: str, role: str = "front", index: int = 0, **more: Any) -> dict[str, Any]:
    """One page with all its facts."""
    return {
        "ref": ref(file, index),
        "role": role,
        "rotation": 90 * (ROLES.index(role) % 4),
        "skew_deg": -1.25,
        "dpi": 200.0,
        "width_mm": 210.0,
        "height_mm": 297.0,
        "blur": 0.125,
        "text": f"FEUILLE DE SOINS\n{role} d'été « n° 1 »",
        "marks": ["border", "bitonal_twin"],
        "twin": None,
        **more,
    }


def field(name: str, value: str | None, check: str, **more: Any) -> dict[str, Any]:
    """One field with all its facts."""
    return {
        "name": name,
        "value": value,
        "raw": f"{value or '?'} ",
        "confidence": 0.9375,
        "accepted": check in ("ok", "repaired"),
        "check": check,
        "page": 0,
        "box_mm": [10.0, 20.25, 30.5, 4.0],
        **more,
    }


def rich(
    kind: str, layout: str | None, rescan_id: str = "", file: str = "0001.png"
) -> dict[str, Any]:
    """A document with a page of each role and a field of each check; everything is set."""
    twin = {"twin": ref("0002.png" if file == "0001.png" else file, 7)}
    return {
        "type": "S3110",
        "type_confidence": 0.96875,
        "runner_up": "S3704" if layout else None,
        "layout": layout,
        "route": {
            "kind": kind,
            "reasons": ["field:nir", "layout_unverified"],
            "process": "FSP",
            "pole": "Frais de santé",
            "destination": "FRAIS_DE_SANTE",
            "due_on": "2026-03-10" if layout else None,
            "retention": "voucher",
        },
        "pages": [
            page(file, role, place, **(twin if place == 0 else {}))
            for place, role in enumerate(ROLES)
        ],
        "fields": [
            field("nir", "255081416802538", "ok"),
            field("date_soins", "2026-02-27", "repaired", page=1, box_mm=None),
            field("total", None, "failed", raw="26,S0", confidence=0.0),
            field("signature", "true", "none", page=4),
        ],
        "marks": ["urgent", "without:S3201"],
        "rescan_id": rescan_id,
    }


def plain(file: str, kind: str = "straight", **more: Any) -> dict[str, Any]:
    """A document of one page, that may go straight to its application."""
    return rich(kind, "verified") | {
        "pages": [page(file), page(file, "back", marks=["negative"])],
        "fields": [
            field("nir", "255081416802538", "ok"),
            field("adresse", "3 rue\nde l'Église <b>\u000b", "none", page=1),
            field("total", None, "none", raw="", accepted=True),
            field("tiers_payant", "true", "none", accepted=True),
        ],
        "marks": [],
        **more,
    }


def lot(*documents: dict[str, Any], **more: Any) -> str:
    """What reading made of a lot, as JSON."""
    result = {"documents": documents, "set_aside": [], "header": None, "loose_pages": [], **more}
    return json.dumps(result)


ASIDE = {"file": "0003.png", "page": 2, "code": "page_timeout", "reason": "Lecture trop longue."}
HEADER = {
    "process": "DMT",
    "fund": "17",
    "received_on": "2026-02-27",
    "expected_type": "S3704",
    "expected_documents": 3,
    "pages_each": 2,
    "expected_pages": None,
    "priority": 1,
    "original_seen": True,
    "rescan_id": "",
}
RESCANS = {
    "open": "0197a000-0000-7000-8000-00003fa9c21b",
    "answered": "0197a000-0000-7000-8000-0000815c02de",
    "impossible": "0197a000-0000-7000-8000-0000a4410007",
    "over": "0197a000-0000-7000-8000-0000b7712345",
}
