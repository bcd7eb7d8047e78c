"""Fixtures that every tier may use."""

import os
from pathlib import Path

import pytest


@pytest.fixture(scope="session")
def samples() -> Path:
    """Folder of the real samples; skips, saying so, when VAGUEMESTRE_SAMPLES is unset."""
    folder = os.environ.get("VAGUEMESTRE_SAMPLES", "")
    if not folder:
        pytest.skip("VAGUEMESTRE_SAMPLES is unset: the real samples are not at hand")
    path = Path(folder)
    if not path.is_dir():
        pytest.fail(f"VAGUEMESTRE_SAMPLES names no folder: {path}")
    return path
