"""What one message on the wire may hold, and which dates it may name (docs/wire.md).

The centre refuses what is beyond; a station keeps within, so that nothing it has read is refused.
"""

import datetime as dt

MAX_PAGES = 5_000  # of a document
MAX_FIELDS = 500  # of a document; reasons of a route
MAX_MARKS = 50  # of a document or page
MAX_VERSIONS = 100  # entries of a table of versions
MAX_SET_ASIDE = 10_000  # entries of a lot
MAX_RESCANS = 1_000  # requests that a station names at the hello
MAX_WORD = 100  # characters of codes, types, marks, versions, field names
MAX_NAME = 1_000  # characters of file and lot names, reasons
MAX_VALUE = 4_000  # characters of one field
MAX_PAGE_TEXT = 200_000  # characters of one page
MAX_PICTURE = 65_536  # bytes of a sheet's picture in a request to scan it again

EARLIEST_RECEIPT = dt.date(2000, 1, 1)  # due dates lie no earlier either
RECEIPT_AHEAD = dt.timedelta(days=2)  # of the own clock: clocks and time zones differ
LONGEST_DELAY = dt.timedelta(days=731)  # from now until a document is due
