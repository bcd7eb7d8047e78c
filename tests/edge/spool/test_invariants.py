"""docs/spool.md and the tests name the same invariants."""

import re
from pathlib import Path

_ROOT = Path(__file__).parents[3]


def test_every_invariant_has_a_test_and_every_test_an_invariant() -> None:
    written = set(re.findall(r"^- \*\*S(\d+)\*\*", (_ROOT / "docs/spool.md").read_text(), re.M))
    tested = {
        str(int(number))
        for folder in ("edge", "e2e")
        for path in (_ROOT / "tests" / folder).rglob("test_*.py")
        for number in re.findall(r"def test_s(\d\d)_", path.read_text())
    }
    assert len(written) == 29
    assert written == tested
