"""Every awkward or broken file gets an answer, the one that is expected, from living workers."""

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from edge.pipeline.workers import Workers
from edge.results import LotResult
from tests.support import reading

# What the samples' own list says only as "reject": the operator is to be told why.
_CODES = {
    "pikepdf_graph-encrypted.pdf": "file_encrypted",
    "pikepdf_newline-buffer-test.pdf": "no_page",
    "pillow_broken_data_stream.png": "image_undecodable",
    "pillow_decompression_bomb.gif": "format_unknown",
    "pillow_seek_too_large.tif": "file_truncated",
    "pillow_truncated_end_chunk.png": "file_truncated",
    "ocrmypdf_hugemono.pdf": "page_too_large",
}


@pytest.mark.samples
@pytest.mark.slow
def test_each_hostile_file_has_the_expected_answer_and_no_worker_dies(
    samples: Path, workers: Workers
) -> None:
    folder = samples / "hostile"
    lines = (folder / "EXPECTED.tsv").read_text().splitlines()[1:]
    expected = {line.split("\t")[0]: line.split("\t")[1] for line in lines}
    assert {p.name for p in folder.iterdir()} == {*expected, "EXPECTED.tsv"}
    workers.versions()
    with ThreadPoolExecutor(workers.count) as threads:
        # The first files start the second worker: only from then on must none be replaced.
        names = sorted(expected)
        answers = threads.map(lambda name: _read(workers, folder / name), names)
        results = dict(zip(names, answers, strict=True))
        before = {process.pid for process in reading.living(workers)}
        again = list(threads.map(lambda name: _read(workers, folder / name), _CODES))
    assert {process.pid for process in reading.living(workers)} == before
    wrong = [name for name in names if not _is_as_expected(expected[name], results[name])]
    assert wrong == []
    for name, result in results.items():
        assert reading.answered(result) == {name}
        assert all(aside.reason.endswith(".") for aside in result.set_aside)
    for name, result in zip(_CODES, again, strict=True):
        assert {aside.code for aside in result.set_aside} == {_CODES[name]}
        assert results[name].set_aside == result.set_aside


def _read(workers: Workers, path: Path) -> LotResult:
    return reading.read(workers, path)


def _is_as_expected(outcome: str, result: LotResult) -> bool:
    crashed = any(a.code in ("page_crashed", "page_timeout") for a in result.set_aside)
    match outcome:
        case "accept":
            return bool(result.documents) and not result.set_aside
        case "reject":
            return not result.documents and bool(result.set_aside) and not crashed
        case _:  # limit, degrade, or not said: an answer, and nobody crashed over it
            return (bool(result.documents) or bool(result.set_aside)) and not crashed
