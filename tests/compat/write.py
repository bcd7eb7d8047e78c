"""Write the golden files anew: ``python -m tests.compat.write``; the package tells when."""

import tempfile
from pathlib import Path

from tests.compat import centre, golden, journals, present, reading, surface
from tests.support import database


def main() -> None:
    """Renew every list, and what the present program makes of what earlier ones wrote."""
    golden.write("read.json", reading.answer())
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for version in journals.VERSIONS:
            journals.write(version, folder)
        golden.write("requests.rows", journals.asked(folder / "asked"))
        with database.serve(folder / "postgres") as server:
            with present.database(server) as engine:
                for file, list_ in surface.LISTS.items():
                    golden.write(file, golden.lines(list_(engine)))
            with present.database(server) as engine:
                for file, text in centre.files(engine, folder).items():
                    golden.write(file, text)


if __name__ == "__main__":
    main()
