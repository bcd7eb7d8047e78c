"""Decide whether the spool has room for one more lot.

When it has none, claiming stops and the scanner's own folder is the back-pressure: nothing is
dropped, and claiming resumes by itself once the centre has acknowledged or space was made.
"""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Limits:
    """What the spool may take; all in bytes."""

    max_bytes: int
    min_free_bytes: int


@dataclass(frozen=True, slots=True)
class Room:
    """There is room."""


@dataclass(frozen=True, slots=True)
class Full:
    """There is none; ``why`` has the numbers, ``forever`` means that waiting cannot help."""

    why: str
    forever: bool = False


@dataclass(frozen=True, slots=True)
class Usage:
    """What is used and what may be; all in bytes."""

    used: int
    max_bytes: int
    free: int
    min_free_bytes: int

    @property
    def is_full(self) -> bool:
        """Claiming has stopped, or stops at the next lot."""
        return self.used >= self.max_bytes or self.free < self.min_free_bytes


def decide(limits: Limits, *, used: int, free: int, incoming: int, copied: bool) -> Room | Full:
    """Choose between claiming a lot and leaving it where it is.

    Args:
        limits: The settings.
        used: Bytes that the spool holds.
        free: Bytes free on the spool's file system.
        incoming: The lot's size in bytes.
        copied: The lot comes from another file system, so that its bytes use free space;
            a rename on the same one uses none.
    """
    if incoming > limits.max_bytes:
        return Full(f"the lot has {incoming} bytes, the spool holds {limits.max_bytes}", True)
    if used + incoming > limits.max_bytes:
        return Full(f"the spool holds {used} of {limits.max_bytes} bytes")
    if free - (incoming if copied else 0) < limits.min_free_bytes:
        return Full(f"{free} bytes are free, {limits.min_free_bytes} must stay so")
    return Room()
