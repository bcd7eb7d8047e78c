"""docs/glossary.md: one word for one thing, and each is a word of the code."""

import ast
import functools
import re
from collections import Counter
from collections.abc import Iterator

from tests.support import markdown

_CODE = ("edge", "central", "proto/vaguemestre/model", "proto/vaguemestre/pack")
_WORD = re.compile(r"[A-Za-z]\w*")


def _rows() -> Iterator[tuple[str, str]]:
    """The French words of each row, and what stands for them in the code."""
    for line in markdown.text("docs/glossary.md").splitlines():
        if line.startswith("| ") and not line.startswith("| French |"):
            french, code, _ = (cell.strip() for cell in line.strip("|").split("|", 2))
            yield french, code


@functools.cache
def _words_of_the_code() -> frozenset[str]:
    """Names, and the words of names and of short texts: columns, JSON keys, enumerations."""
    found: set[str] = set()
    for folder in _CODE:
        for path in (markdown.ROOT / folder).rglob("*.py"):
            for node in ast.walk(ast.parse(path.read_text("utf-8"))):
                found.update(_words(node))
    return frozenset(found)


def _words(node: ast.AST) -> Iterator[str]:
    match node:
        case ast.Name(id=name) | ast.Attribute(attr=name) | ast.arg(arg=name):
            yield name
        case ast.FunctionDef(name=name) | ast.ClassDef(name=name) | ast.keyword(arg=str(name)):
            yield name
        case ast.Constant(value=str(text)) if _WORD.fullmatch(text):
            yield text


def test_each_french_word_stands_once() -> None:
    words = Counter(word for french, _ in _rows() for word in re.split(r", (?![^(]*\))", french))

    assert [word for word, times in words.items() if times > 1] == []


def test_each_word_of_the_code_stands_for_one_thing() -> None:
    names = Counter(name for _, code in _rows() for name in re.findall(r"`([^`]+)`", code))

    assert [name for name, times in names.items() if times > 1] == []


def test_every_row_names_a_word_that_the_code_uses() -> None:
    named = {code: re.findall(r"`([^`]+)`", code) for _, code in _rows() if code != "–"}
    types = {path.stem for path in (markdown.ROOT / "models/forms").iterdir()}

    assert [code for code, names in named.items() if not names] == []
    words = {name for names in named.values() for name in names if "/" not in name}
    assert sorted(words - _words_of_the_code() - types) == []
