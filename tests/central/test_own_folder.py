"""The folder for temporary files: empty at the start, whoever was killed before."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from central import scratch
from central.errors import ConfigInvalid

_ROOT = Path(__file__).parents[2]
_PROGRAM = """
import pathlib, signal, sys
from central import scratch
with scratch.own_folder(pathlib.Path(sys.argv[1])) as folder:
    (folder / "page").write_bytes(b"somebody's mail")
    print(folder, flush=True)
    signal.pause()
"""


def _process(base: Path) -> tuple["subprocess.Popen[str]", Path]:
    program = [sys.executable, "-c", _PROGRAM, str(base)]
    process = subprocess.Popen(program, cwd=_ROOT, stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    return process, Path(process.stdout.readline().strip())


def test_what_a_killed_process_left_is_gone_and_what_a_living_one_has_stays(
    tmp_path: Path,
) -> None:
    base = tmp_path / "own"
    (killed, left), (living, kept) = _process(base), _process(base)
    killed.send_signal(signal.SIGKILL)
    killed.wait()
    assert (left / "page").exists()
    with scratch.own_folder(base) as mine:
        assert not left.exists()
        assert (kept / "page").exists()
        assert list(mine.iterdir()) == []
        assert mine.stat().st_mode & 0o077 == 0
    assert not mine.exists()
    living.kill()
    for process in (killed, living):
        process.communicate()


def test_nobody_else_may_look_into_it(tmp_path: Path) -> None:
    base = tmp_path / "own"
    base.mkdir(mode=0o755)
    with scratch.own_folder(base):
        assert base.stat().st_mode & 0o077 == 0


def test_what_somebody_prepared_is_not_used(tmp_path: Path) -> None:
    (tmp_path / "theirs").mkdir()
    (tmp_path / "own").symlink_to(tmp_path / "theirs")
    (tmp_path / "file").touch()
    for base in ("own", "file"):
        with pytest.raises(ConfigInvalid), scratch.own_folder(tmp_path / base):
            pass


@pytest.mark.skipif(os.getuid() != 0, reason="gives a folder to somebody else: needs root")
def test_a_folder_of_another_account_is_refused(tmp_path: Path) -> None:
    base = tmp_path / "own"
    base.mkdir()
    os.chown(base, 65_534, 65_534)
    with pytest.raises(ConfigInvalid), scratch.own_folder(base):
        pass


def test_a_link_in_it_is_deleted_and_not_followed(tmp_path: Path) -> None:
    base, other = tmp_path / "own", tmp_path / "other"
    base.mkdir()
    other.mkdir()
    (other / "file").touch()
    (base / "link").symlink_to(other)
    with scratch.own_folder(base):
        assert not (base / "link").is_symlink()
    assert (other / "file").exists()
