"""Write the golden files anew: ``python -m tests.compat.write``; the package tells when."""

import tempfile
from pathlib import Path

from tests.compat import golden, journals, present, surface


def main() -> None:
    """Renew every list, and what the present program sees of what earlier ones wrote."""
    with tempfile.TemporaryDirectory() as folder:
        for version in journals.VERSIONS:
            journals.write(version, Path(folder))
    with tempfile.TemporaryDirectory() as folder, present.database(Path(folder)) as engine:
        for name, list_ in surface.LISTS.items():
            golden.write(name, golden.lines(list_(engine)))


if __name__ == "__main__":
    main()
