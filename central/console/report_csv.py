"""A report for French spreadsheets: UTF-8 with its mark, semicolons, decimal commas."""

import csv
import io

from central.console.report_text import plain, titled
from central.domain.reports import Table

_MARK = "\ufeff"


def written(table: Table) -> bytes:
    """The table with its total in the last line."""
    out = io.StringIO()
    lines = csv.writer(out, delimiter=";", lineterminator="\r\n")
    lines.writerow([titled(column) for column in table.columns])
    for row in (*table.rows, table.total):
        lines.writerow(
            [plain(value, column.kind) for value, column in zip(row, table.columns, strict=True)]
        )
    return (_MARK + out.getvalue()).encode()
