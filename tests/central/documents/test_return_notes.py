"""What a pôle may write beside a document that it gives back."""

from central.documents.rules import MAX_COMMENT_CHARACTERS, ReturnCause, ReturnNote, read_note


def test_a_known_cause_is_taken_with_its_comment() -> None:
    assert read_note("wrong_pole", "pour ATEMPO") == ReturnNote(
        ReturnCause.WRONG_POLE, "pour ATEMPO"
    )


def test_a_comment_may_be_missing() -> None:
    assert read_note("unreadable", None) == ReturnNote(ReturnCause.UNREADABLE)


def test_an_unknown_cause_or_a_comment_that_is_no_text_is_not_taken() -> None:
    assert read_note("because", "") is None
    assert read_note(["wrong_pole"], "") is None
    assert read_note("wrong_pole", {"a": 1}) is None


def test_a_comment_holds_no_control_character_and_is_cut() -> None:
    taken = read_note("other", "a\0b\n" + "c" * 2_000)
    assert taken is not None
    assert taken.comment.startswith("a b c")
    assert len(taken.comment) == MAX_COMMENT_CHARACTERS
