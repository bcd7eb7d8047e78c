"""Measure the page network on pages drawn with fonts, layouts and forms it was not taught with.

Nothing here sets a threshold: those were set on other held-out pages
(``models.training.pages.prototypes``).
"""

import argparse
import random
from collections import defaultdict
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np

from edge.classification import embedding
from edge.imaging import cleaning
from edge.inference.page_network import PageNetwork, load_network, load_prototypes
from models.training.drawing import synthesise
from models.training.pages import prototypes
from models.training.pages.data import Pixels, Thumbs, turned
from models.training.pages.prototypes import Vectors, vectors_of
from vaguemestre import pack

_DPI = 84


class Count:
    """So many of so many."""

    def __init__(self) -> None:
        self.right = self.all = 0

    def add(self, is_right: bool) -> None:
        """Count one."""
        self.right += is_right
        self.all += 1

    def __str__(self) -> str:
        return f"{self.right} of {self.all} ({self.right / max(1, self.all):.2%})"


def types_alone(
    network: PageNetwork, taught: Thumbs, held: Thumbs, found: Vectors
) -> tuple[Count, Count]:
    """Nearest prototype among all types: right on those measured, and on all others."""
    every = synthesise.known_types()
    known = prototypes.joined(prototypes.make(network, taught, every))
    measured, others = Count(), Count()
    fixed = prototypes.measured_types()
    for vector, name in zip(found, held.types, strict=True):
        if name in every and name != "misdirected":
            count = measured if name in fixed else others
            count.add(embedding.nearest_type(vector, known).type == name)
    return measured, others


def open_set(known: embedding.Prototypes, held: Thumbs, found: Vectors) -> dict[str, Count]:
    """With the shipped prototypes: what is taken for a measured form, by what it is."""
    counts: dict[str, Count] = defaultdict(Count)
    for vector, name in zip(found, held.types, strict=True):
        match = embedding.nearest_type(vector, known)
        if name in known.types:
            counts["measured form taken, and right"].add(match.is_known and match.type == name)
            counts["measured form taken for another"].add(match.is_known and match.type != name)
        elif name in ("unknown", "misdirected"):
            counts[f"{name} refused"].add(not match.is_known)
        else:
            kind = "never taught form" if "-" in name else "type of ours without measured layout"
            counts[f"{kind} refused"].add(not match.is_known)
    return counts


def enrolled(
    known: embedding.Prototypes,
    samples: Mapping[str, Sequence[Vectors]],
    tests: Mapping[str, Vectors],
) -> tuple[Count, Count]:
    """All forms enrolled at once: nearest is their own, and is near enough as well."""
    for name, looks in samples.items():
        known = known.with_type(name, embedding.enrolled_prototypes(looks))
    nearest, accepted = Count(), Count()
    for name, vectors in tests.items():
        for vector in vectors:
            match = embedding.nearest_type(vector, known)
            nearest.add(match.type == name)
            accepted.add(match.type == name and match.is_known)
    return nearest, accepted


def enrolment(
    network: PageNetwork, known: embedding.Prototypes, each: int
) -> dict[str, tuple[Count, Count]]:
    """Forms never taught, enrolled from clean or degraded samples; others' fillings to tell."""
    kinds = [f"{synthesise.INVENTED}{number}" for number in synthesise.UNTAUGHT]
    clean = {kind: _looked(network, _drawn(kind, 5, 7_000, clean=True)) for kind in kinds}
    soiled = {kind: _looked(network, _drawn(kind, 5, 8_000, clean=False)) for kind in kinds}
    tests = {kind: vectors_of(network, _drawn(kind, each, 9_000, clean=False)) for kind in kinds}
    answers = {}
    for count in (1, 5):
        for name, drawn in (("clean", clean), ("degraded", soiled)):
            chosen = {kind: looks[:count] for kind, looks in drawn.items()}
            answers[f"{count} {name}"] = enrolled(known, chosen, tests)
    return answers


def _looked(network: PageNetwork, samples: Sequence[Pixels]) -> list[Vectors]:
    return [vectors_of(network, embedding.augmented(sample)) for sample in samples]


def _drawn(kind: str, count: int, seed: int, *, clean: bool) -> list[Pixels]:
    made = []
    for number in range(seed, seed + count):
        page, truth = synthesise.draw(kind, number, _DPI, held_out=True)
        if not clean:
            page, _ = synthesise.degraded(page, truth, number, _DPI, turned=0.0)
            page, _ = cleaning.whiten_border(page)  # as edge/pipeline/page.py does before it looks
            page = cleaning.straighten(page, cleaning.estimate_skew(page))
        made.append(embedding.thumbnail(page).pixels)
    return made


def orientation(network: PageNetwork, held: Sequence[Pixels]) -> dict[str, Count]:
    """Pages as they are, and turned by quarters (sideways ones cut to wide)."""
    rng = random.Random(5)
    counts: dict[str, Count] = defaultdict(Count)
    for thumb in held:
        upright = network.look([embedding.Thumbnail(thumb, 0)]).turns[0]
        counts["upright"].add(int(np.argmax(upright)) == 0)
        page, turn = turned(thumb, rng)
        scores = network.look([embedding.Thumbnail(page, 0)]).turns[0]
        counts[f"turned by {turn * 90}"].add(int(np.argmax(scores)) == turn)
    return counts


def main() -> None:
    """Print all figures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("thumbs", type=Path, help="drawn for training")
    parser.add_argument("held", type=Path, help="drawn held-out, not those of the thresholds")
    parser.add_argument("--each", type=int, default=10, help="pages of each enrolled form")
    options = parser.parse_args()
    network = load_network(pack.default_dir())
    known = load_prototypes(pack.default_dir(), network)
    held = Thumbs(options.held)
    found = vectors_of(network, held.thumbs)
    measured, others = types_alone(network, Thumbs(options.thumbs), held, found)
    print("nearest among all types, measured forms:", measured)
    print("nearest among all types, random layouts:", others)
    for name, count in sorted(open_set(known, held, found).items()):
        print("shipped prototypes,", name, count)
    for name, (nearest, accepted) in enrolment(network, known, options.each).items():
        print("enrolled with", name, "nearest", nearest, "and accepted", accepted)
    for name, count in sorted(orientation(network, held.thumbs).items()):
        print("orientation,", name, count)


if __name__ == "__main__":
    main()
