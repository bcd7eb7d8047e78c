"""One small file costs the centre neither its memory nor its time, and can do nothing there."""

import contextlib
import io
import os
import resource
import subprocess
import sys
import threading
from collections.abc import Iterator

import psutil
import pytest
from PIL import Image

from central.rendering import runner
from central.rendering.decode import MOST_PIXELS, View, decode
from central.rendering.runner import Renderer
from tests.support.central import picture, tiff

_PAGE = View(0, 0, 0.0, 210.0, 297.0)
_MOST_BYTES = 700_000_000


@pytest.fixture
def renderer() -> Iterator[Renderer]:
    with contextlib.closing(Renderer(at_once=2)) as made:
        yield made


def _huge_pdf(side: int) -> bytes:
    """A page of so many points a side, in under 200 bytes."""
    return (
        b"%%PDF-1.4\n1 0 obj<</Type/Catalog/Pages 2 0 R>>endobj\n"
        b"2 0 obj<</Type/Pages/Kids[3 0 R]/Count 1>>endobj\n"
        b"3 0 obj<</Type/Page/Parent 2 0 R/MediaBox[0 0 %d %d]>>endobj\n"
        b"trailer<</Root 1 0 R>>\n" % (side, side)
    )


class _Memory:
    """Watches the memory of all children of this process."""

    def __init__(self) -> None:
        self.most = 0
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._watch)

    def __enter__(self) -> "_Memory":
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._thread.join()

    def _watch(self) -> None:
        while not self._over.wait(0.01):
            for child in psutil.Process().children():
                with contextlib.suppress(psutil.Error):
                    self.most = max(self.most, child.memory_info().rss)


def test_a_page_is_rendered_as_it_would_be_here(renderer: Renderer) -> None:
    data = tiff([picture(number=3)])
    for view in (_PAGE, View(0, 90, 1.5, 210.0, 297.0)):
        here = decode(io.BytesIO(data), view)
        there = renderer.render(io.BytesIO(data), view)
        assert (there.mode, there.size) == (here.mode, here.size)
        assert there.tobytes() == here.tobytes()


@pytest.mark.parametrize("side", [5_600, 14_000])
def test_a_huge_page_in_a_small_file_takes_little_memory(renderer: Renderer, side: int) -> None:
    size_mm = side / 72 * 25.4
    data = _huge_pdf(side)
    assert len(data) < 250
    own = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    with _Memory() as memory:
        image = renderer.render(io.BytesIO(data), View(0, 0, 0.0, size_mm, size_mm))
    assert image.width * image.height <= MOST_PIXELS
    assert memory.most < _MOST_BYTES
    grown = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - own
    assert grown * 1024 < 6 * MOST_PIXELS + 50_000_000


def test_an_image_of_too_many_pixels_is_refused_unseen(renderer: Renderer) -> None:
    out = io.BytesIO()
    Image.new("1", (20_000, 20_000), 1).save(out, "TIFF", compression="group4")
    with _Memory() as memory, pytest.raises(ValueError, match="cannot be rendered"):
        renderer.render(io.BytesIO(out.getvalue()), _PAGE)
    assert memory.most < _MOST_BYTES


def test_a_kind_of_file_that_no_station_takes_is_not_opened(renderer: Renderer) -> None:
    out = io.BytesIO()
    picture("L").save(out, "PPM")
    with pytest.raises(ValueError, match="cannot be rendered"):
        renderer.render(io.BytesIO(out.getvalue()), _PAGE)


def test_a_page_that_takes_too_long_is_ended_and_the_next_one_rendered(
    renderer: Renderer, monkeypatch: pytest.MonkeyPatch
) -> None:
    renderer.render(io.BytesIO(tiff([picture()])), _PAGE)  # both have started by now, or soon
    monkeypatch.setattr(runner, "_PAGE_WITHIN_S", 0.0)
    with pytest.raises(ValueError, match="cannot be rendered"):
        renderer.render(io.BytesIO(tiff([picture()])), _PAGE)
    monkeypatch.undo()
    assert renderer.render(io.BytesIO(tiff([picture()])), _PAGE).size == (416, 586)


def test_a_process_that_dies_takes_no_other_page_with_it(renderer: Renderer) -> None:
    data = tiff([picture()])
    renderer.render(io.BytesIO(data), _PAGE)
    for child in psutil.Process().children():
        if "central.rendering" in child.cmdline():
            child.kill()
            child.wait(20)
    assert renderer.render(io.BytesIO(data), _PAGE).size == (416, 586)


def test_what_failed_is_not_tried_again_at_once(
    renderer: Renderer, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(ValueError, match="cannot be rendered"):
        renderer.render(io.BytesIO(b"nothing"), _PAGE, "a digest")
    with pytest.raises(ValueError, match="a moment ago"):
        renderer.render(io.BytesIO(b"nothing"), _PAGE, "a digest")


def test_who_waits_too_long_for_a_turn_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(runner, "_TURN_WITHIN_S", 0.05)
    with contextlib.closing(Renderer(at_once=1)) as one, one._process(), pytest.raises(runner.Busy):
        one.render(io.BytesIO(b""), _PAGE)


def test_who_comes_while_many_wait_is_told_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Threads that wait for a page answer nobody else."""
    monkeypatch.setattr(runner, "_MOST_WAITING", 2)
    data, done = tiff([picture()]), []

    def wait() -> None:
        done.append(one.render(io.BytesIO(data), _PAGE))

    with contextlib.closing(Renderer(at_once=1)) as one:
        waiting = [threading.Thread(target=wait) for _ in range(2)]
        with one._process():
            for thread in waiting:
                thread.start()
            while one._waiting.acquire(blocking=False):
                one._waiting.release()
            with pytest.raises(runner.Busy):
                one.render(io.BytesIO(data), _PAGE)
        for thread in waiting:
            thread.join()
    assert len(done) == 2


def test_a_file_whose_pages_take_too_long_keeps_nobody_for_each_of_them(
    renderer: Renderer, monkeypatch: pytest.MonkeyPatch
) -> None:
    data = tiff([picture(number=n) for n in range(5)])
    pages = [View(n, 0, 0.0, 210.0, 297.0) for n in range(5)]
    renderer.render(io.BytesIO(data), pages[0], "slow")
    monkeypatch.setattr(runner, "_PAGE_WITHIN_S", 0.0)
    for page in pages[1:4]:
        with pytest.raises(ValueError, match="cannot be rendered"):
            renderer.render(io.BytesIO(data), page, "slow")
    monkeypatch.undo()
    with pytest.raises(ValueError, match="a moment ago"):
        renderer.render(io.BytesIO(data), pages[4], "slow")
    assert renderer.render(io.BytesIO(data), pages[4], "another").size == (416, 586)


_TRIES = """
import os, socket, sys
from central.rendering import confined
here = os.open("/etc/hostname", os.O_RDONLY)
confined.lock()
def tried(name, act):
    try:
        act()
    except (OSError, MemoryError):
        return
    sys.stdout.write(name + "\\n")
tried("read", lambda: open("/etc/passwd").read())
tried("write", lambda: open("/tmp/vaguemestre-was-here", "w"))
tried("list", lambda: os.listdir("/"))
tried("socket", lambda: socket.socket())
tried("fork", os.fork)
tried("exec", lambda: os.execv("/bin/true", ["true"]))
tried("kill", lambda: os.kill(os.getppid(), 0))
tried("memory", lambda: bytearray(4_000_000_000))
tried("chmod", lambda: os.fchmod(here, 0o777))
sys.stdout.write("end\\n")
"""


def test_a_rendering_process_can_do_nothing_but_render() -> None:
    path = os.pathsep.join(sys.path)
    done = subprocess.run(
        [sys.executable, "-c", _TRIES],
        env={"PYTHONPATH": path},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.stdout == "end\n", done.stderr
