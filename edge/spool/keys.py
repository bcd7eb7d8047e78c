"""Which lots are the same lot to the operator: the name without an image's ending."""

_ENDINGS = (".tif", ".tiff", ".pdf", ".jpg", ".jpeg", ".png")


def key_of(name: str) -> str:
    """Fold a lot's name: ``LOT0012.TIF``, ``lot0012.pdf`` and ``LOT0012`` are one."""
    folded = name.casefold()
    for ending in _ENDINGS:
        if folded.endswith(ending) and folded != ending:
            return folded.removesuffix(ending)
    return folded
