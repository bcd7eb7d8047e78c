"""Lines of like width run together, each once."""

from edge.inference.session import of_like_width


def test_each_line_is_in_one_batch_and_batches_go_from_narrow_to_wide() -> None:
    widths = [300, 100, 310, 105, 900, 110]

    batches = list(of_like_width(widths, most_px=1000, padded_to=1.2))

    assert batches == [[1, 3, 5], [0, 2], [4]]


def test_a_batch_is_no_wider_than_allowed_but_a_line_may_be() -> None:
    batches = list(of_like_width([400, 400, 400, 5000], most_px=800, padded_to=2.0))

    assert batches == [[0, 1], [2], [3]]
    assert list(of_like_width([], 800, 2.0)) == []
