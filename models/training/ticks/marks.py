"""Marks as the tick network learns them: strokes of a pen that wavers.

Those that measure are drawn by another pen (``tick_pens``).
"""

import functools
import math
import random
from collections.abc import Callable, Mapping

import numpy as np

from models.training.drawing import paper
from models.training.ticks.ink import Mark, Points, Stroke, moved, outline
from vaguemestre.model.document import BoxMm

_POINTS = 14
_BY_LETTER, _BY_FONT = 0.2, 0.4  # crosses and checks; writing
_ALPHABET = "abcdefghilmnopqrstuvzABCDEJLMNPRST0123456789"


def draw(kind: Mark, box: BoxMm, rng: random.Random) -> list[Stroke]:
    """Strokes of a mark at a box, in the page's millimetres; none for what is no pen's."""
    maker = _MAKERS.get(kind)
    return maker(box, rng) if maker is not None else []


def _line(rng: random.Random, start: Points, end: Points, waver: float = 0.05) -> Points:
    """From one point to the other, a little bowed, a little unsteady."""
    way = end - start
    length = float(np.hypot(*way)) or 1.0
    across = np.array([-way[1], way[0]]) / length
    t = np.linspace(0, 1, _POINTS)
    bow = rng.gauss(0, waver) * length * 4 * t * (1 - t)
    phase = rng.uniform(0, 6.3)
    unsteady = 0.03 * np.sin(phase + t * rng.uniform(3, 14)) * rng.uniform(0, 1.5)
    return np.asarray(start + t[:, None] * way + (bow + unsteady)[:, None] * across, np.float64)


def _width(rng: random.Random) -> float:
    return rng.choice((rng.uniform(0.18, 0.4), rng.uniform(0.3, 0.7), rng.uniform(0.5, 1.1)))


def _at(box: BoxMm, x: float, y: float) -> Points:
    """A point of the box: 0, 0 its upper left corner, 1, 1 its lower right."""
    return np.array([box.left + x * box.width, box.top + y * box.height])


def _centre(box: BoxMm) -> Points:
    return _at(box, 0.5, 0.5)


def _letters(text: str, height: float, rng: random.Random) -> list[Stroke]:
    """Letters of a handwriting font from 0 to the right, their feet on 0; none without fonts."""
    faces = _faces()
    if not faces:
        return []
    face = rng.choice(faces)
    thin, lean = (rng.uniform(0.05, 0.3),), rng.gauss(0, 0.12)
    strokes, x = [], 0.0
    for char in text:
        parts = outline(face.path, char) if char in face.characters else ()
        if not parts:
            return []
        points = np.vstack(parts)
        low, high = points.min(axis=0), points.max(axis=0)
        scale = height / max(20.0, float(high[1] - low[1]))
        for part in parts:
            at = (part - np.array([low[0], high[1]])) * scale
            at = at + np.stack([x + lean * -at[:, 1], np.zeros(len(at))], 1)
            strokes.append(Stroke(at, thin, is_filled=True))
        x += float(high[0] - low[0]) * scale + rng.uniform(0.1, 0.6)
    return strokes


@functools.cache
def _faces() -> tuple[paper.Face, ...]:
    """Handwriting fonts to learn from; none on a machine that has too few."""
    try:
        return paper.faces(held_out=False)["hand"]
    except RuntimeError:
        return ()


def _letter_at(box: BoxMm, rng: random.Random, chars: str, height: float) -> list[Stroke]:
    strokes = _letters(rng.choice(chars), height, rng)
    if not strokes:
        return []
    points = np.vstack([one.points for one in strokes])
    middle = (points.min(axis=0) + points.max(axis=0)) / 2
    x, y = _at(box, rng.gauss(0.5, 0.1), rng.gauss(0.5, 0.12)) - middle
    return moved(strokes, x, y)


def _cross(box: BoxMm, rng: random.Random) -> list[Stroke]:
    if rng.random() < _BY_LETTER:
        letter = _letter_at(box, rng, "xX", box.height * rng.uniform(0.5, 1.5))
        if letter:
            return letter
    size = rng.choice((rng.uniform(0.45, 0.9), rng.uniform(0.8, 1.4), rng.uniform(1.2, 2.0)))
    x, y = rng.gauss(0.5, 0.1), rng.gauss(0.5, 0.12)
    width = _width(rng)
    strokes = []
    for sign in (1, -1):
        half = size / 2 * rng.uniform(0.75, 1.2)
        tilt = rng.gauss(0, 0.12)
        a = _at(box, x - half, y - sign * half + tilt)
        b = _at(box, x + half, y + sign * half + tilt)
        strokes.append(Stroke(_line(rng, a, b), (width,)))
    if rng.random() < 0.12:  # drawn in one go: the pen stays on the paper between the strokes
        joined = np.vstack([strokes[0].points, strokes[1].points[::-1]])
        strokes = [Stroke(joined, (width,))]
    return strokes


def _check(box: BoxMm, rng: random.Random) -> list[Stroke]:
    if rng.random() < _BY_LETTER:
        letter = _letter_at(box, rng, "vV", box.height * rng.uniform(0.6, 1.4))
        if letter:
            return letter
    size = rng.choice((rng.uniform(0.5, 0.9), rng.uniform(0.9, 1.7)))
    x, y = rng.gauss(0.45, 0.12), rng.gauss(0.75, 0.12)
    low = _at(box, x, y)
    start = _at(box, x - size * rng.uniform(0.15, 0.4), y - size * rng.uniform(0.15, 0.5))
    end = _at(box, x + size * rng.uniform(0.4, 0.9), y - size * rng.uniform(0.6, 1.3))
    points = np.vstack([_line(rng, start, low, 0.08), _line(rng, low, end, 0.12)])
    return [Stroke(points, (_width(rng),))]


def _stroke(box: BoxMm, rng: random.Random) -> list[Stroke]:
    angle = rng.choice((rng.gauss(-0.8, 0.3), rng.gauss(0.8, 0.3), rng.uniform(-1.6, 1.6)))
    size = rng.uniform(0.5, 1.6) * box.height / 2
    way = np.array([math.cos(angle), math.sin(angle)]) * size * rng.uniform(0.8, 1.3)
    middle = _at(box, rng.gauss(0.5, 0.12), rng.gauss(0.5, 0.12))
    return [Stroke(_line(rng, middle - way, middle + way, 0.08), (_width(rng),))]


def _blackened(box: BoxMm, rng: random.Random) -> list[Stroke]:
    reach = rng.uniform(0.7, 1.1)
    wide, high = box.width * reach / 2, box.height * reach / 2
    middle = _at(box, rng.gauss(0.5, 0.05), rng.gauss(0.5, 0.05))
    if rng.random() < 0.35:  # filled with a thick pen
        t = np.linspace(0, 2 * np.pi, 40)
        square = 1 / np.maximum(np.abs(np.cos(t)), np.abs(np.sin(t)))
        round_ = square ** rng.uniform(0.3, 1.0)
        rough = 1 + 0.06 * np.sin(t * rng.randint(3, 9) + rng.uniform(0, 6))
        ring = np.stack([wide * np.cos(t), high * np.sin(t)], 1) * (round_ * rough)[:, None]
        return [Stroke(middle + ring, (0.2,), is_filled=True)]
    width = rng.uniform(0.3, 0.9)
    step = width * rng.uniform(0.5, 1.15)
    count = max(4, round(2 * wide / step))
    tilt = rng.uniform(-0.6, 0.6) * high
    points = []
    for i in range(count + 1):
        x = -wide + 2 * wide * i / count + rng.gauss(0, 0.08)
        up = (1 if i % 2 else -1) * high * rng.uniform(0.8, 1.05)
        points.append((x + (tilt if i % 2 else -tilt), up))
    if rng.random() < 0.4:
        points = [(y * wide / high, x * high / wide) for x, y in points]
    return [Stroke(middle + np.array(points), (width,))]


def _ring(rng: random.Random, middle: Points, wide: float, high: float) -> Points:
    """An ellipse as a hand draws it: it ends beside its beginning."""
    start, turns = rng.uniform(0, 6.3), rng.uniform(0.92, 1.25)
    t = start + np.linspace(0, 2 * np.pi * turns, 44) * rng.choice((1, -1))
    drift = np.linspace(1.0, rng.uniform(0.88, 1.15), 44)
    wobble = 1 + rng.uniform(0, 0.07) * np.sin(2 * t + rng.uniform(0, 6))
    ring = np.stack([wide * np.cos(t), high * np.sin(t)], 1) * (drift * wobble)[:, None]
    return np.asarray(middle + ring, np.float64)


def _circled(box: BoxMm, rng: random.Random) -> list[Stroke]:
    spare = rng.uniform(0.1, 2.2)
    wide = (box.width / 2) * rng.uniform(1.0, 1.15) + spare
    high = (box.height / 2) * rng.uniform(1.0, 1.15) + min(spare, 1.8) * rng.uniform(0.5, 1.1)
    middle = _centre(box) + np.array([rng.gauss(0, 0.4), rng.gauss(0, 0.3)])
    if rng.random() < 0.2:  # the label as well
        shift = rng.choice((-1, 1)) * rng.uniform(1, 4)
        middle = middle + np.array([shift, 0.0])
        wide += abs(shift)
    return [Stroke(_ring(rng, middle, wide, high), (_width(rng),))]


def _beside(box: BoxMm, rng: random.Random) -> list[Stroke]:
    kind = rng.choice((_cross, _check, _stroke, _cross, _check, _blob))
    strokes = kind(box, rng)
    if rng.random() < 0.15:
        strokes = [Stroke(_ring(rng, _centre(box), 1.6, 1.4), (_width(rng),))]
    points = np.vstack([one.points for one in strokes])
    low, high = points.min(axis=0), points.max(axis=0)
    gap = rng.uniform(0.2, 2.6)
    side = rng.choice(("left", "right", "left", "right", "above", "below"))
    x, y = rng.gauss(0, 0.5), rng.gauss(0, 0.5)
    match side:
        case "left":
            x = box.left - gap - high[0]
        case "right":
            x = box.left + box.width + gap - low[0]
        case "above":
            y = box.top - min(gap, 1.2) - high[1]
        case "below":
            y = box.top + box.height + min(gap, 1.2) - low[1]
    return moved(strokes, x, y)


def _struck(box: BoxMm, rng: random.Random) -> list[Stroke]:
    """Marked, then made void: scribbled over, struck through, marked on and on."""
    first = rng.choice((_cross, _check, _stroke, _cross))(box, rng)
    how = rng.random()
    if how < 0.45:
        over = _scribble if rng.random() < 0.65 else _tangle
        return [*first, *over(box, rng)]
    if how < 0.85:
        width = _width(rng)
        lines = []
        for _ in range(rng.randint(1, 4)):
            y = rng.gauss(0.5, 0.2)
            a = _at(box, -rng.uniform(0.15, 0.9), y + rng.gauss(0, 0.15))
            b = _at(box, 1 + rng.uniform(0.15, 0.9), y + rng.gauss(0, 0.15))
            lines.append(Stroke(_line(rng, a, b), (width,)))
        return [*first, *lines]
    return [*first, *_circled(box, rng), *_stroke(box, rng)]


def paint(box: BoxMm, rng: random.Random) -> list[Stroke]:
    """Where correction fluid covers a box, its frame and what is around it."""
    spare = rng.uniform(0.3, 1.6)
    wide, high = box.width / 2 + spare, box.height / 2 + spare * rng.uniform(0.6, 1.0)
    t = np.linspace(0, 2 * np.pi, 40)
    round_ = (1 / np.maximum(np.abs(np.cos(t)), np.abs(np.sin(t)))) ** rng.uniform(0.6, 1.0)
    rough = 1 + 0.05 * np.sin(t * rng.randint(3, 9) + rng.uniform(0, 6))
    ring = np.stack([wide * np.cos(t), high * np.sin(t)], 1) * (round_ * rough)[:, None]
    middle = _centre(box) + np.array([rng.gauss(0, 0.3), rng.gauss(0, 0.2)])
    return [Stroke(middle + ring, (0.2,), is_filled=True)]


def _tangle(box: BoxMm, rng: random.Random) -> list[Stroke]:
    """Loops over and over the box."""
    chance = np.random.default_rng(rng.getrandbits(32))
    turns = float(chance.uniform(2, 6))
    t = np.linspace(0, 1, round(turns * 18))
    drift = chance.normal(0, 0.2, 2)[None, :] * t[:, None]
    slow, phase = chance.uniform(0.2, 1.2), chance.uniform(0, 6.3, 3)
    reach = 0.75 + 0.35 * np.sin(slow * 6.28 * turns * t + phase[0])
    x = np.cos(6.28 * turns * t + phase[1]) * reach * box.width * 0.6
    y = np.sin(6.28 * turns * t * chance.uniform(0.8, 1.2) + phase[2]) * reach * box.height * 0.65
    return [Stroke(_centre(box) + np.stack([x, y], 1) + drift, (_width(rng),))]


def _scribble(box: BoxMm, rng: random.Random) -> list[Stroke]:
    count = rng.randint(7, 26)
    reach = rng.uniform(0.6, 1.1)
    angle = rng.uniform(0, 3.2)
    turn = np.array([[math.cos(angle), -math.sin(angle)], [math.sin(angle), math.cos(angle)]])
    x = np.linspace(-1, 1, count) * reach * box.width / 2 + _noise(rng, count, 0.15)
    y = np.where(np.arange(count) % 2, 1, -1) * reach * box.height * 0.6
    y = y * (1 + _noise(rng, count, 0.25))
    points = np.stack([x, y], 1) @ turn.T
    return [Stroke(_centre(box) + points + np.array([rng.gauss(0, 0.2), 0]), (_width(rng),))]


def _noise(rng: random.Random, count: int, by: float) -> Points:
    return np.array([rng.gauss(0, by) for _ in range(count)])


def _dot(box: BoxMm, rng: random.Random) -> list[Stroke]:
    middle = _at(box, rng.uniform(0.2, 0.8), rng.uniform(0.2, 0.8))
    radius = rng.uniform(0.22, 0.7)
    end = middle + np.array([rng.gauss(0, 0.15), rng.gauss(0, 0.15)])
    return [Stroke(np.vstack([middle, end]), (2 * radius,))]


def _blob(box: BoxMm, rng: random.Random) -> list[Stroke]:
    del rng
    return _dot_at(box)


def _dot_at(box: BoxMm) -> list[Stroke]:
    middle = _centre(box)
    return [Stroke(np.vstack([middle, middle + 0.05]), (1.4,))]


def _crossing(box: BoxMm, rng: random.Random) -> list[Stroke]:
    """A neighbour's writing, or a long line, that runs into the box."""
    if rng.random() < 0.4:
        angle = rng.choice((rng.gauss(0, 0.2), rng.gauss(1.57, 0.3), rng.uniform(0, 3.2)))
        way = np.array([math.cos(angle), math.sin(angle)]) * rng.uniform(6, 14)
        middle = _at(box, rng.uniform(0, 1), rng.uniform(0, 1))
        return [Stroke(_line(rng, middle - way, middle + way, 0.02), (_width(rng),))]
    strokes = writing(rng, rng.uniform(6, 12))
    points = np.vstack([one.points for one in strokes])
    low, high = points.min(axis=0), points.max(axis=0)
    inside = rng.uniform(0.15, 0.75)
    match rng.choice(("left", "right", "above", "below")):
        case "left":
            x, y = box.left + inside * box.width - high[0], box.top + box.height * 0.7
        case "right":
            x, y = box.left + (1 - inside) * box.width - low[0], box.top + box.height * 0.7
        case "above":
            x = box.left - rng.uniform(0, high[0])
            y = box.top + inside * box.height - high[1]
        case _:
            x = box.left - rng.uniform(0, high[0])
            y = box.top + (1 - inside) * box.height - low[1]
    return moved(strokes, x, y)


def writing(rng: random.Random, length: float) -> list[Stroke]:
    """A word that stands on 0, from 0 to about ``length``: of a font, or loops and humps."""
    height = rng.uniform(1.6, 3.2)
    if rng.random() < _BY_FONT:
        text = "".join(rng.choices(_ALPHABET, k=max(2, round(length / 2))))
        strokes = _letters(text, rng.uniform(1.4, 3.2), rng)
        if strokes:
            return strokes
    strokes, x = [], 0.0
    width = rng.uniform(0.2, 0.5)
    while x < length:
        wide = rng.uniform(0.8, 2.2)
        tall = height * rng.choice((0.6, 0.6, 1.0, 1.4))
        low = rng.choice((0.0, 0.0, 0.0, -0.5 * height))
        t = np.linspace(0, 1, _POINTS)
        turns = rng.choice((0.5, 1.0, 1.0, 1.5))
        rise = np.abs(np.sin(np.pi * turns * t)) * tall + low * np.sin(np.pi * t)
        lean = 0.3 * rise * rng.uniform(0, 1)
        points = np.stack([x + wide * t + lean, -rise], 1)
        if rng.random() < 0.3:
            points = _ring(rng, np.array([x + wide / 2, -tall / 2]), wide / 2, tall / 2)
        strokes.append(Stroke(points, (width,)))
        x += wide * rng.uniform(0.7, 1.3)
    return strokes


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
}
