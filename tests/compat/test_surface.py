"""Settings, commands, codes, metrics, events, addresses, tables and words are as promised."""

import pytest

from tests.compat import golden, present, surface


@pytest.mark.parametrize("name", sorted(surface.LISTS))
def test_a_list_says_what_it_said(name: str, engine: present.Engine) -> None:
    golden.demand_same(name, golden.lines(surface.LISTS[name](engine)))


def test_no_list_is_left_of_a_test_that_is_gone() -> None:
    listed = {path.name for path in golden.FOLDER.glob("*.txt")}

    assert listed == set(surface.LISTS)


@pytest.mark.parametrize("program", sorted(present.PROGRAMS))
@pytest.mark.parametrize("arguments", [[], ["nonsense"], ["check-config"]])
def test_wrong_arguments_end_with_2(program: str, arguments: list[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        present.PROGRAMS[program](arguments)

    assert ended.value.code == 2
