"""Which lots are the same lot to the operator: the name without an image's ending."""

import unicodedata

ENDINGS = (".tif", ".tiff", ".pdf", ".jpg", ".jpeg", ".png")


def without_ending(name: str) -> str:
    """Drop an image's ending, in any case; other endings and bare ones stay."""
    for ending in ENDINGS:
        if len(name) > len(ending) and name[-len(ending) :].lower() == ending:
            return name[: -len(ending)]
    return name


def composed(name: str) -> str:
    """Spell accents as one code point each: macOS writes two for what Windows writes as one."""
    return unicodedata.normalize("NFC", name)


def normal(name: str) -> str:
    """Fold a name so that spellings which people take for one are equal: case and accents."""
    return composed(unicodedata.normalize("NFD", name).casefold())


def key_of(name: str) -> str:
    """Fold a lot's name: ``LOT0012.TIF``, ``lot0012.pdf`` and ``LOT0012`` are one."""
    return normal(without_ending(name))
