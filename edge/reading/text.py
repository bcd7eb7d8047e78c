"""Compare printed words whatever their case, accents, spacing and apostrophes."""

import functools
import re
import unicodedata


@functools.lru_cache(maxsize=4096)
def plain_printed(text: str) -> str:
    """``plain`` of what forms define, asked for on each page; never of what a page says."""
    return plain(text)


def plain(text: str) -> str:
    """Lower case without accents, apostrophes and runs of spaces."""
    unified = text.lower().replace("œ", "oe").replace("æ", "ae")
    decomposed = unicodedata.normalize("NFD", unified)
    letters = "".join(c for c in decomposed if not unicodedata.combining(c))
    return re.sub(r"\s+", " ", re.sub(r"['’`´]", " ", letters)).strip()
