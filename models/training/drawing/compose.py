"""Widgets of a drawn page: titles, sections, labelled fields, tables, paragraphs, stamps.

A ``Page`` has two sources of chance: ``layout`` decides what the blank looks like, ``hand`` what
is written on it. The same layout drawn with another hand is the same form, filled by another.
"""

import dataclasses
import random
from collections.abc import Sequence

from models.training.drawing.fill import Cabinet, Face
from models.training.drawing.paper import Sheet
from vaguemestre.model.document import BoxMm


@dataclasses.dataclass(frozen=True, slots=True)
class Style:
    """How a form's designer draws: inks 0 to 255, lengths in millimetres."""

    face: Face
    margin: float
    label: float  # cap height of labels
    pitch: float  # from one field to the next
    section: str  # bar, tint, rule, frame, plain
    field: str  # line, box, comb, dots, none
    ink: int
    is_upper: bool  # sections in capitals

    @classmethod
    def drawn(cls, rng: random.Random, fonts: Cabinet) -> "Style":
        """A style by chance."""
        return cls(
            face=fonts.draw(rng),
            margin=rng.uniform(8, 20),
            label=rng.uniform(1.7, 2.6),
            pitch=rng.uniform(6.5, 11),
            section=rng.choice(("bar", "tint", "rule", "frame", "plain")),
            field=rng.choice(("line", "box", "comb", "dots", "none")),
            ink=rng.choice((10, 25, 45, 70, 100)),
            is_upper=rng.random() < 0.5,
        )


class Page:
    """A sheet with a style; ``fields`` collects what was written, by field name."""

    def __init__(
        self,
        sheet: Sheet,
        layout: random.Random,
        hand: random.Random,
        style: Style,
        writing: Face | None,
    ) -> None:
        self.sheet, self.layout, self.hand, self.style = sheet, layout, hand, style
        self.writing = writing  # None: nothing is filled in
        self.fields: dict[str, str] = {}
        self.pen = hand.randint(15, 80)

    def note(self, name: str, value: str) -> None:
        """Keep what is written in a field, as it is spelt; nothing on a blank."""
        if self.writing is not None and value:
            self.fields[name] = self.writing.spelt(value)

    @property
    def inner(self) -> float:
        """Width between the margins."""
        return self.sheet.width_mm - 2 * self.style.margin

    def say(
        self,
        x: float,
        y: float,
        text: str,
        height: float,
        *,
        bold: bool = False,
        ink: int | None = None,
        anchor: str = "ls",
    ) -> None:
        """Print words in the form's own face."""
        face = self.style.face
        file = face.bold if bold else face.regular
        self.sheet.text(
            x, y, face.spelt(text), file, height, self.style.ink if ink is None else ink, anchor
        )

    def wrapped(
        self, x: float, y: float, text: str, height: float, width: float, *, bold: bool = False
    ) -> float:
        """Print words over as many lines as they need; returns the next base line."""
        pitch = height * 1.9
        for line in self.lines_of(text, height, width, bold=bold):
            self.say(x, y, line, height, bold=bold)
            y += pitch
        return y

    def lines_of(self, text: str, height: float, width: float, *, bold: bool) -> list[str]:
        """Break words into lines that fit a width."""
        face = self.style.face
        file = face.bold if bold else face.regular
        lines, line = [], ""
        for word in text.split(" "):
            longer = f"{line} {word}".strip()
            if line and self.sheet.width_of(longer, file, height) > width:
                lines.append(line)
                line = word
            else:
                line = longer
        return [*lines, line]

    def title(self, y: float, text: str, height: float, *, left: float, width: float) -> float:
        """A title over its lines, centred, framed or in a bar; returns where it ends."""
        rng = self.layout
        cased = rng.choice((text.upper(), text, text[:1].upper() + text[1:]))
        bold = rng.random() < 0.7
        while len(lines := self.lines_of(cased, height, width, bold=bold)) > 3 and height > 2.5:
            height *= 0.9
        pitch = height * 1.75
        kind = rng.choice(("plain", "plain", "plain", "frame", "bar", "rule"))
        box = BoxMm(left, y - height * 1.6, width, pitch * len(lines) + height)
        ink = None
        if kind == "bar":
            self.sheet.band(box, rng.randint(20, 110))
            ink = 255
        elif kind == "frame":
            self.sheet.frame(box, self.style.ink, rng.uniform(0.2, 0.8))
        centred = kind != "plain" or rng.random() < 0.7
        for number, line in enumerate(lines):
            x = left + width / 2 if centred else left
            self.say(
                x, y + number * pitch, line, height, bold=bold, ink=ink,
                anchor="ms" if centred else "ls",
            )  # fmt: skip
        end = box.top + box.height
        if kind == "rule":
            self.sheet.rule(left, end, left + width, end, self.style.ink)
        return end + 3

    def section(self, x: float, y: float, text: str, width: float) -> float:
        """A section's heading; returns where it ends."""
        height = self.style.label * 1.15
        words = text.upper() if self.style.is_upper else text[:1].upper() + text[1:]
        box = BoxMm(x, y, width, height * 2)
        ink = None
        match self.style.section:
            case "bar":
                self.sheet.band(box, 90)
                ink = 255
            case "tint":
                self.sheet.band(box, 215)
            case "frame":
                self.sheet.frame(box, self.style.ink)
            case "rule":
                bottom = y + height * 2
                self.sheet.rule(x, bottom, x + width, bottom, self.style.ink, 0.5)
        self.say(x + 1.5, y + height * 1.5, words, height, bold=True, ink=ink)
        return y + height * 2 + 2.5

    def field(self, x: float, y: float, label: str, width: float, value: str) -> float:
        """A label and the place beside it, with what is written there; returns the next line."""
        style, sheet = self.style, self.sheet
        self.say(x, y + style.label * 1.3, label, style.label)
        used = sheet.width_of(label, style.face.regular, style.label) + 2
        left, room = x + used, width - used
        end = y + style.pitch
        if room < 18:
            left, room, end, y = x + 1, width - 2, end + style.pitch * 0.7, y + style.pitch * 0.7
        bottom = y + style.label * 1.9
        self._place(BoxMm(left, bottom - 5, room, 5), value)
        self.write(BoxMm(left, bottom - 5, room, 5), value)
        return end

    def _place(self, box: BoxMm, value: str) -> None:
        sheet, ink = self.sheet, self.style.ink
        bottom = box.top + box.height
        is_number = len(value) <= 16 and sum(c.isdigit() for c in value) * 2 > len(value)
        match self.style.field:
            case "line":
                sheet.rule(box.left, bottom, box.left + box.width, bottom, ink + 60, 0.2)
            case "box":
                sheet.frame(box, ink + 60, 0.2)
            case "comb" if is_number and box.width > 60:
                for number in range(16):
                    x = box.left + number * 3.7
                    sheet.rule(x, bottom - 3.5, x, bottom, ink + 50, 0.2)
                sheet.rule(box.left, bottom, box.left + 15 * 3.7, bottom, ink + 50, 0.2)
            case "dots" | "comb":
                self.say(box.left, bottom - 1, "." * int(box.width / 1.3), 1.6)

    def write(self, box: BoxMm, value: str, height: float | None = None) -> None:
        """Write a value in a box, in the filler's own hand."""
        if self.writing is None or not value:
            return
        face, rng = self.writing, self.hand
        tall = height or min(2.8, box.height * (0.62 if face.is_hand else 0.5))
        text = face.spelt(value)
        width = self.sheet.width_of(text, face.regular, tall)
        tall = max(1.2, tall * min(1.0, box.width / max(width, 1.0)))
        x = box.left + 1 + rng.uniform(-0.5, 0.8)
        y = box.top + box.height - 1.2 + rng.uniform(-0.6, 0.6)
        self.sheet.text(x, y, text, face.regular, tall, self.pen)

    def options(self, x: float, y: float, texts: Sequence[str], width: float) -> float:
        """Tick boxes in a row, some ticked; returns the next line."""
        style = self.style
        step = width / max(1, len(texts))
        for number, text in enumerate(texts):
            left = x + number * step
            box = BoxMm(left, y, 3, 3)
            self.sheet.frame(box, style.ink, 0.25)
            if self.writing is not None and self.hand.random() < 0.4:
                self.sheet.strokes([(left, y), (left + 3, y + 3)], self.pen, 0.4)
                self.sheet.strokes([(left, y + 3), (left + 3, y)], self.pen, 0.4)
            self.say(left + 4.2, y + 2.6, text, style.label)
        return y + style.pitch

    def table(self, box: BoxMm, heads: Sequence[str], rows: Sequence[Sequence[str]]) -> float:
        """A table with a head; cells are printed, not written; returns where it ends."""
        style, rng = self.style, self.layout
        step, row = box.width / len(heads), style.label * rng.uniform(2.2, 3.2)
        is_ruled, is_tinted = rng.random() < 0.7, rng.random() < 0.5
        if is_tinted:
            self.sheet.band(BoxMm(box.left, box.top, box.width, row), 210)
        for number, cells in enumerate((heads, *rows)):
            y = box.top + row * number
            for column, cell in enumerate(cells):
                x = box.left + step * column + 1
                self.say(x, y + row * 0.68, cell, style.label, bold=number == 0)
            if is_ruled or number == 0:
                self.sheet.rule(box.left, y + row, box.left + box.width, y + row, 120, 0.2)
        bottom = box.top + row * (len(rows) + 1)
        if is_ruled:
            self.sheet.frame(BoxMm(box.left, box.top, box.width, bottom - box.top), 90)
            for column in range(1, len(heads)):
                x = box.left + step * column
                self.sheet.rule(x, box.top, x, bottom, 120, 0.2)
        return bottom + 4

    def scribble(self, box: BoxMm) -> None:
        """A signature."""
        rng = self.hand
        points = [
            (box.left + box.width * (0.1 + 0.8 * i / 12 + rng.uniform(-0.05, 0.05)),
             box.top + box.height * rng.uniform(0.15, 0.85))
            for i in range(13)
        ]  # fmt: skip
        self.sheet.strokes(points, self.pen, 0.35)

    def logo(self, x: float, y: float, name: str) -> None:
        """A mark of an organisation: a shape of its own and its name."""
        rng = self.layout
        size = rng.uniform(7, 16)
        box = BoxMm(x, y, size, size)
        match rng.randrange(4):
            case 0:
                self.sheet.ellipse(box, self.style.ink, 0.8)
            case 1:
                self.sheet.band(box, rng.randint(40, 170))
            case 2:
                self.sheet.frame(box, self.style.ink, 0.8)
            case _:
                self.sheet.strokes([(x, y + size), (x + size / 2, y), (x + size, y + size)], 60, 1)
        self.say(x + size + 2, y + size * 0.6, name, rng.uniform(2.0, 3.4), bold=True)
