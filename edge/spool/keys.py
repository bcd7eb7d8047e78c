"""Which lots are the same lot to the operator: the name without an image's ending."""

ENDINGS = (".tif", ".tiff", ".pdf", ".jpg", ".jpeg", ".png")


def without_ending(name: str) -> str:
    """Drop an image's ending, in any case; other endings and bare ones stay."""
    for ending in ENDINGS:
        if len(name) > len(ending) and name[-len(ending) :].lower() == ending:
            return name[: -len(ending)]
    return name


def key_of(name: str) -> str:
    """Fold a lot's name: ``LOT0012.TIF``, ``lot0012.pdf`` and ``LOT0012`` are one."""
    return without_ending(name).casefold()
