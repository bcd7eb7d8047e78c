"""Two readers for one line: the quick one always, the careful one where the quick one doubts.

Where both saw the same letters they confirm each other. Where they differ the careful one is
believed, and doubted: the more, the surer the quick one was of something else.
"""

from collections.abc import Callable, Sequence
from dataclasses import replace

from edge.reading.readers import Alphabet, Gray, LineReading

Read = Callable[[Sequence[Gray], Alphabet], list[LineReading]]

_PLAIN_SPACE = 0.95  # confidence of a space from which one reader's word is enough


def least_sure(reading: LineReading) -> float:
    """The confidence of the least sure character, spaces included; 0 of nothing."""
    return min(reading.confidences, default=0.0)


def read(
    crops: Sequence[Gray],
    alphabet: Alphabet,
    quick: Sequence[LineReading],
    careful: Read,
    is_sure: Callable[[LineReading], bool],
) -> list[LineReading]:
    """Have the careful reader read the lines that the quick one is not sure of.

    Args:
        crops: Upright lines.
        alphabet: Which characters the answers may hold.
        quick: The quick reader's answers.
        careful: The other reader.
        is_sure: Of the quick reader's answer; then the careful one is not asked.
    """
    answers = list(quick)
    doubtful = [i for i, answer in enumerate(answers) if not is_sure(answer)]
    second = careful([crops[i] for i in doubtful], alphabet)
    for i, answer in zip(doubtful, second, strict=True):
        answers[i] = weighed(answers[i], answer)
    return answers


def weighed(quick: LineReading, careful: LineReading) -> LineReading:
    """What two readings of one line say together.

    The text is the careful reader's, with the quick one's spaces where only spaces differ: the
    careful reader was taught languages that have none. A space that the quick reader was not sure
    of, and that the careful one does not see, stays doubtful.
    """
    if not careful.text or len(careful.confidences) != len(careful.text):
        return careful
    if _letters(quick.text) != _letters(careful.text):
        held_against = max(0.0, 2 * least_sure(quick) - 1.0)
        lowered = tuple(c * (1.0 - held_against) for c in careful.confidences)
        return replace(careful, confidences=lowered)
    has_same_words = quick.text.split() == careful.text.split()
    sure = iter([c for c, ch in zip(careful.confidences, careful.text, strict=True) if ch != " "])
    confidences = []
    for chance, char in zip(quick.confidences, quick.text, strict=True):
        if char != " ":
            confidences.append(1.0 - (1.0 - chance) * (1.0 - next(sure)))
        elif has_same_words or chance >= _PLAIN_SPACE:
            confidences.append(max(chance, _PLAIN_SPACE))
        else:
            confidences.append(0.5 * chance)
    return replace(
        quick,
        confidences=tuple(confidences),
        confidence=max(quick.confidence, careful.confidence),
    )


def _letters(text: str) -> str:
    return text.replace(" ", "")
