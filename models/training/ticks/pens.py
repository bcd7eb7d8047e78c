"""Marks to measure with: another pen than the one that the tick network learned from.

Its strokes are Bézier curves whose width follows the pen's pressure, crosses and checks are
letters of handwriting fonts that training never saw as well, scribbles are a pen's walk.
"""

import functools
import math
import random
from collections.abc import Callable, Mapping

import numpy as np

from models.training.drawing import paper
from models.training.ticks.ink import Mark, Stroke, moved, outline
from vaguemestre.model.document import BoxMm

_STEPS = 22
_CROSSES, _CHECKS = "xXx×", "vV√"


def draw(kind: Mark, box: BoxMm, rng: random.Random) -> list[Stroke]:
    """Strokes of a mark at a box, in millimetres; none for an empty box and for stamps."""
    maker = _MAKERS.get(kind)
    return maker(box, rng) if maker is not None else []


def _curve(rng: random.Random, points: list[tuple[float, float]], width: float) -> Stroke:
    """One cubic curve; it starts and ends thinner than it is in its middle."""
    a, b, c, d = (np.array(point) for point in points)
    t = np.linspace(0, 1, _STEPS)[:, None]
    way = (1 - t) ** 3 * a + 3 * (1 - t) ** 2 * t * b + 3 * (1 - t) * t**2 * c + t**3 * d
    press = rng.uniform(0.0, 0.6)
    shape = 1 - press * (np.abs(np.linspace(-1, 1, _STEPS)) ** rng.uniform(1.5, 4))
    return Stroke(np.asarray(way, np.float64), tuple(float(width * s) for s in shape))


def _straight(
    rng: random.Random, a: tuple[float, float], d: tuple[float, float], width: float
) -> Stroke:
    x, y = d[0] - a[0], d[1] - a[1]
    u, v = rng.gauss(0, 0.08), rng.gauss(0, 0.08)
    b = (a[0] + x / 3 - y * u, a[1] + y / 3 + x * u)
    c = (a[0] + 2 * x / 3 - y * v, a[1] + 2 * y / 3 + x * v)
    return _curve(rng, [a, b, c, d], width)


def _nib(rng: random.Random) -> float:
    """A fine pen, a ball pen, a felt pen."""
    widths = rng.uniform(0.2, 0.3), rng.uniform(0.3, 0.55), rng.uniform(0.6, 1.1)
    return rng.choices(widths, (2, 6, 2))[0]


def _middle(box: BoxMm, rng: random.Random, by: float) -> tuple[float, float]:
    return (
        box.left + box.width / 2 + rng.gauss(0, by),
        box.top + box.height / 2 + rng.gauss(0, by),
    )


def _letter(box: BoxMm, rng: random.Random, letters: str, height: float) -> list[Stroke]:
    """A letter of a handwriting font around the box's middle; none where the font lacks it."""
    faces = _faces()
    if not faces:
        return []
    face = rng.choice(faces)
    char = rng.choice([letter for letter in letters if letter in face.characters] or ["x"])
    parts = outline(face.path, char)
    if not parts:
        return []
    points = np.vstack(parts)
    low, high = points.min(axis=0), points.max(axis=0)
    scale = height / max(1.0, float(high[1] - low[1]))
    angle = rng.gauss(0, 0.15)
    turn = np.array([[math.cos(angle), -math.sin(angle)], [math.sin(angle), math.cos(angle)]])
    centre, at = (low + high) / 2, np.array(_middle(box, rng, 0.35))
    thin = rng.uniform(0.05, 0.3)
    return [
        Stroke((part - centre) * scale @ turn.T + at, (thin,), is_filled=True) for part in parts
    ]


@functools.cache
def _faces() -> tuple[paper.Face, ...]:
    """Handwriting fonts held out; none on a machine that has too few fonts to train on."""
    try:
        return paper.faces(held_out=True)["hand"]
    except RuntimeError:
        return ()


def _cross(box: BoxMm, rng: random.Random) -> list[Stroke]:
    if rng.random() < 0.3:
        letter = _letter(box, rng, _CROSSES, box.height * rng.uniform(0.6, 1.4))
        if letter:
            return letter
    x, y = _middle(box, rng, 0.35)
    wide, high = box.width * rng.uniform(0.25, 0.8), box.height * rng.uniform(0.28, 0.9)
    width = _nib(rng)
    slip = np.random.default_rng(rng.getrandbits(32)).normal(0, 0.25, 8).tolist()
    left, right, top, bottom = x - wide, x + wide, y - high, y + high
    a, b = (left + slip[0], top + slip[1]), (right + slip[2], bottom + slip[3])
    c, d = (right + slip[4], top + slip[5]), (left + slip[6], bottom + slip[7])
    return [_straight(rng, a, b, width), _straight(rng, c, d, width)]


def _check(box: BoxMm, rng: random.Random) -> list[Stroke]:
    if rng.random() < 0.25:
        letter = _letter(box, rng, _CHECKS, box.height * rng.uniform(0.7, 1.3))
        if letter:
            return letter
    x, y = _middle(box, rng, 0.3)
    low = (x - rng.uniform(0, 0.6), y + box.height * rng.uniform(0.2, 0.5))
    width = _nib(rng)
    short, long = rng.uniform(0.5, 1.6), rng.uniform(1.4, 4.5)
    start = (low[0] - short * 0.7, low[1] - short * rng.uniform(0.4, 1.2))
    lean = rng.uniform(0.5, 1.2)
    end = (low[0] + long * math.sin(lean), low[1] - long * math.cos(lean))
    return [_straight(rng, start, low, width), _straight(rng, low, end, width)]


def _stroke(box: BoxMm, rng: random.Random) -> list[Stroke]:
    x, y = _middle(box, rng, 0.35)
    angle = rng.gauss(rng.choice((0.8, -0.8, 1.57, 0.0)), 0.22)
    half = rng.uniform(1.0, 2.6)
    across, down = half * math.cos(angle), half * math.sin(angle)
    return [_straight(rng, (x - across, y - down), (x + across, y + down), _nib(rng))]


def _blackened(box: BoxMm, rng: random.Random) -> list[Stroke]:
    """Filled by loops that go on from side to side, by hatching both ways, or with a felt pen."""
    x, y = _middle(box, rng, 0.15)
    wide, high = box.width * rng.uniform(0.36, 0.52), box.height * rng.uniform(0.36, 0.52)
    how = rng.random()
    width = rng.uniform(0.35, 0.8)
    if how < 0.4:
        turns = rng.uniform(1.6, 2.4) * wide / width
        t, turn = np.linspace(0, 1, max(60, round(turns * 16))), 2 * np.pi * turns
        points = np.stack(
            [x - wide + 2 * wide * t + 0.3 * np.cos(turn * t), y + high * np.sin(turn * t)], 1
        )
        return [Stroke(points, (width,))]
    if how < 0.75:
        strokes = []
        for i in range(round(2 * wide / (width * 0.8)) + 1):
            at = x - wide + i * width * 0.8
            end = (at + rng.gauss(0, 0.2), y + high)
            strokes.append(_straight(rng, (at, y - high), end, width))
        for i in range(round(2 * high / (width * 0.9)) + 1):
            at = y - high + i * width * 0.9
            end = (x + wide, at + rng.gauss(0, 0.2))
            strokes.append(_straight(rng, (x - wide, at), end, width))
        return strokes
    corners = np.array([(-1, -1), (0, -1.05), (1, -1), (1.04, 0), (1, 1), (0, 1), (-1, 1)], float)
    corners += np.random.default_rng(rng.getrandbits(32)).normal(0, 0.07, corners.shape)
    return [Stroke(np.array([x, y]) + corners * np.array([wide, high]), (0.3,), is_filled=True)]


def _loop(rng: random.Random, x: float, y: float, wide: float, high: float) -> Stroke:
    """A circle of harmonics, open or overlapping at its end."""
    t = rng.uniform(0, 6.28) + np.linspace(0, rng.uniform(5.7, 7.6), 60)
    second, third = rng.uniform(0, 6), rng.uniform(0, 6)
    radius = 1 + 0.05 * np.cos(2 * t + second) + 0.04 * np.cos(3 * t + third)
    radius = radius * np.linspace(1, rng.uniform(0.9, 1.12), 60)
    points = np.stack([x + wide * radius * np.cos(t), y + high * radius * np.sin(t)], 1)
    return Stroke(points, (_nib(rng),))


def _circled(box: BoxMm, rng: random.Random) -> list[Stroke]:
    x, y = _middle(box, rng, 0.3)
    spare = rng.uniform(0.4, 2.0)
    return [_loop(rng, x, y, box.width / 2 + spare, box.height / 2 + spare * rng.uniform(0.5, 0.9))]


def _beside(box: BoxMm, rng: random.Random) -> list[Stroke]:
    strokes = rng.choice((_cross, _check, _stroke, _cross))(box, rng)
    points = np.vstack([one.points for one in strokes])
    low, high = points.min(axis=0), points.max(axis=0)
    gap = rng.uniform(0.3, 2.2)
    side = rng.choice(("left", "right", "left", "right", "below"))
    if side == "left":
        return moved(strokes, box.left - gap - float(high[0]), rng.gauss(0, 0.4))
    if side == "right":
        return moved(strokes, box.left + box.width + gap - float(low[0]), rng.gauss(0, 0.4))
    return moved(strokes, rng.gauss(0, 0.6), box.top + box.height + min(gap, 1.0) - float(low[1]))


def _struck(box: BoxMm, rng: random.Random) -> list[Stroke]:
    first = rng.choice((_cross, _check, _cross, _stroke))(box, rng)
    x, y = _middle(box, rng, 0.2)
    how = rng.random()
    if how < 0.5:  # a pen's walk over all of it
        chance = np.random.default_rng(rng.getrandbits(32))
        steps = int(chance.integers(14, 34))
        targets = chance.uniform(-1, 1, (steps, 2)) * [box.width * 0.75, box.height * 0.75]
        return [*first, Stroke(np.array([x, y]) + targets, (_nib(rng),))]
    lines = []
    for _ in range(rng.randint(2, 4) if how < 0.8 else 1):
        level = y + rng.gauss(0, 0.5)
        half = box.width / 2 + rng.uniform(0.8, 2.2)
        start, end = (x - half, level + rng.gauss(0, 0.3)), (x + half, level + rng.gauss(0, 0.3))
        lines.append(_straight(rng, start, end, _nib(rng)))
    return [*first, *lines]


def _dot(box: BoxMm, rng: random.Random) -> list[Stroke]:
    x = box.left + box.width * rng.uniform(0.25, 0.75)
    y = box.top + box.height * rng.uniform(0.25, 0.75)
    size = rng.uniform(0.5, 1.3)
    return [_straight(rng, (x, y), (x + rng.gauss(0, 0.12), y + rng.gauss(0, 0.12)), size)]


def _crossing(box: BoxMm, rng: random.Random) -> list[Stroke]:
    """Words of a handwriting font, or a signature's flourish, that reach into the box."""
    if rng.random() < 0.5:
        return _flourish(box, rng)
    _, y = _middle(box, rng, 0.3)
    strokes: list[Stroke] = []
    place = 0.0
    for _ in range(rng.randint(3, 6)):
        letter = _letter(BoxMm(place, 0, 0.1, 0.1), rng, "aebdglmnorstu", rng.uniform(1.8, 3.2))
        strokes += letter
        place += 2.0
    if not strokes:
        return _flourish(box, rng)
    points = np.vstack([one.points for one in strokes])
    if rng.random() < 0.5:
        shift = box.left + box.width * rng.uniform(0.2, 0.6) - float(points[:, 0].max())
    else:
        shift = box.left + box.width * rng.uniform(0.4, 0.8) - float(points[:, 0].min())
    return moved(strokes, shift, y)


def _covered(box: BoxMm, rng: random.Random) -> list[Stroke]:
    """Correction tape over the box, or some strokes of a brush."""
    x, y = _middle(box, rng, 0.2)
    half, high = box.width / 2 + rng.uniform(0.4, 2.0), box.height / 2 + rng.uniform(0.25, 0.9)
    if rng.random() < 0.5:
        lean = rng.gauss(0, 0.3)
        corners = [(-half, -high - lean), (half, -high + lean), (half, high + lean)]
        corners.append((-half, high - lean))
        return [Stroke(np.array([x, y]) + np.array(corners), (0.1,), is_filled=True)]
    count = rng.randint(3, 5)
    rows = [y - high + 2 * high * (i + 0.5) / count for i in range(count)]
    broad = 2.6 * high / count
    return [
        _straight(rng, (x - half, row + rng.gauss(0, 0.1)), (x + half, row), broad) for row in rows
    ]


def _flourish(box: BoxMm, rng: random.Random) -> list[Stroke]:
    x, y = _middle(box, rng, 0.3)
    angle = rng.uniform(0, 6.28)
    far = (x + 9 * math.cos(angle), y + 9 * math.sin(angle))
    near = (x + rng.gauss(0, 0.6), y + rng.gauss(0, 0.6))
    bend = (x + 5 * math.cos(angle + 0.6), y + 5 * math.sin(angle + 0.6))
    return [_curve(rng, [far, bend, near, near], _nib(rng))]


_MAKERS: Mapping[Mark, Callable[[BoxMm, random.Random], list[Stroke]]] = {
    Mark.CROSS: _cross,
    Mark.CHECK: _check,
    Mark.STROKE: _stroke,
    Mark.BLACKENED: _blackened,
    Mark.CIRCLED: _circled,
    Mark.BESIDE: _beside,
    Mark.STRUCK: _struck,
    Mark.DOT: _dot,
    Mark.CROSSING: _crossing,
    Mark.COVERED: _covered,
}
