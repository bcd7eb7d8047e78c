"""Ids that sort in the order in which they were given, even when the clock goes back."""

from uuid import UUID

_RANDOM_B = (1 << 62) - 1
_MILLISECOND = 1 << 80


def following(previous: str, fresh: UUID) -> UUID:
    """Return ``fresh`` if it sorts after ``previous``, else the next UUIDv7 after ``previous``.

    Args:
        previous: The last id given, or an empty string.
        fresh: A new UUIDv7 of the clock's time.
    """
    if not previous or str(fresh) > previous:
        return fresh
    last = UUID(previous).int
    if last & _RANDOM_B < _RANDOM_B:
        return UUID(int=last + 1)
    # The random part is used up: borrow the next millisecond, keep version and variant.
    return UUID(int=((last + _MILLISECOND) & ~_RANDOM_B) | (fresh.int & _RANDOM_B))
