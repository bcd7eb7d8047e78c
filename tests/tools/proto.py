"""Generate the wire code from proto/, or check that what is committed is what comes out.

Usage: ``python -m tests.tools.proto [--check]``.
"""

import filecmp
import sys
import tempfile
from importlib import resources
from pathlib import Path

from grpc_tools import protoc

ROOT = Path(__file__).parents[2] / "proto"


def generate(out: Path) -> None:
    """Write the Python modules and stubs of every .proto below ``out``."""
    sources = sorted(str(path) for path in ROOT.rglob("*.proto"))
    well_known = resources.files("grpc_tools") / "_proto"
    status = protoc.main(
        [
            "protoc",
            f"-I{ROOT}",
            f"-I{well_known}",
            f"--python_out={out}",
            f"--pyi_out={out}",
            f"--grpc_python_out={out}",
            *sources,
        ]
    )
    if status != 0:
        raise SystemExit(status)


def main() -> None:
    """Generate in place, or compare."""
    if "--check" not in sys.argv[1:]:
        generate(ROOT)
        return
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder)
        generate(out)
        stale = [
            str(made.relative_to(out))
            for made in sorted(out.rglob("*_pb2*"))
            if not (kept := ROOT / made.relative_to(out)).exists()
            or not filecmp.cmp(made, kept, shallow=False)
        ]
    if stale:
        sys.exit(f"Generated wire code is stale, run `make proto`: {', '.join(stale)}")


if __name__ == "__main__":
    main()
