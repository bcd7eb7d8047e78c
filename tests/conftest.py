"""Fixtures that every tier may use."""

import os
from pathlib import Path

import pytest
from hypothesis import Phase, settings

# The same examples at every run, and a failure told at once: making one small takes minutes.
# HYPOTHESIS_PROFILE=explore looks for new ones and makes what it finds small.
settings.register_profile(
    "same", derandomize=True, database=None, print_blob=True, deadline=None,
    phases=[Phase.explicit, Phase.generate],
)  # fmt: skip
settings.register_profile("explore", print_blob=True, deadline=None)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "same"))


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
