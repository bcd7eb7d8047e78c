"""The pages of settings are what the models say, and every key is explained."""

from pathlib import Path

import pydantic
import pytest

from central.config import CentralConfig
from edge.config import EdgeConfig
from tests.tools import settings_docs

_DOCS = Path(__file__).parents[2] / "docs"


@pytest.mark.parametrize("name", sorted(settings_docs.pages()))
def test_a_page_is_generated_from_its_model(name: str) -> None:
    written = (_DOCS / name).read_text("utf-8")

    assert settings_docs.pages()[name] == written, "run python -m tests.tools.settings_docs"


@pytest.mark.parametrize("model", [EdgeConfig, CentralConfig])
def test_every_key_is_explained(model: type[pydantic.BaseModel]) -> None:
    tables = model.model_json_schema()["$defs"].values()

    silent = [
        f"{table['title']}.{key}"
        for table in tables
        for key, entry in table.get("properties", {}).items()
        if not entry.get("description")
    ]

    assert silent == []
