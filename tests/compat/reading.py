"""What ``vaguemestre-edge read --json`` answers of lots that hold something of everything."""

import json

from tests.compat import present, samples


def answer() -> str:
    """The answer, a line a value."""
    front = samples.page("0004.png", twin=samples.ref("0002.png", 3))
    first = samples.rich("straight", "verified", file="0003.png")
    second = samples.rich("key", None, file="0004.png") | {
        "pages": [front, samples.page("0004.png", "back", 1)],
        "fields": [samples.field("nir", None, "failed", page=1)],
    }
    third = samples.plain("0005.png", "name", layout="unverified", type="unknown", fields=[])
    loose = [samples.page("0001.png", "separator"), samples.page("0006.png", "blank")]
    whole_file = {"file": "notes.txt", "page": None, "code": "format_unknown", "reason": "Inconnu."}
    lots = (
        samples.lot(first, second, set_aside=[samples.ASIDE, whole_file], loose_pages=loose),
        samples.lot(third),
        samples.lot(loose_pages=loose),
    )
    return json.dumps(present.read_json(*lots), ensure_ascii=False, indent=1) + "\n"
