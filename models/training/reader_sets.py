"""Held-out drawn lines for the line reader: faces that training never sees, seeds of their own."""

import random

from models.training.lines import DrawnLine, draw

_SEEDS = {"clean": 7_001, "degraded": 7_002}


def drawn_set(name: str, count: int = 300) -> list[DrawnLine]:
    """``clean`` print, or ``degraded`` lines of all kinds, the same at each call."""
    rng = random.Random(_SEEDS[name])
    found: list[DrawnLine] = []
    while len(found) < count:
        line = draw(rng, held_out=True, clean=name == "clean")
        if name != "clean" or line.kind == "print":
            found.append(line)
    return found
