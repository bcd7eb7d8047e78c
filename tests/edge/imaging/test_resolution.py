"""A page's resolution is believed when it can be true, and guessed when it cannot."""

import numpy as np
import pytest

from edge.imaging import raster
from edge.imaging.raster import Resolution
from tests.support import pictures, tiffs
from tests.support.pictures import decoded

A4_AT_200 = (1654, 2339)


@pytest.mark.parametrize("told", [None, (0, 0), (1, 1), (72, 5), (10_000, 10_000), (-200, -200)])
def test_a_page_that_tells_nothing_sensible_is_taken_for_an_a4_sheet(
    told: tuple[float, float] | None,
) -> None:
    assert raster.resolve_dpi(*A4_AT_200, told) == Resolution(200, 200, known=False)


def test_seventy_two_dots_an_inch_on_a_whole_page_are_a_camera_s_habit() -> None:
    assert raster.resolve_dpi(2480, 3508, (72, 72)) == Resolution(300, 300, known=False)


@pytest.mark.parametrize("told", [(200, 200), (300, 300), (204, 196), (96, 96)])
def test_a_resolution_that_can_be_true_is_believed(told: tuple[float, float]) -> None:
    assert raster.resolve_dpi(900, 1200, told) == Resolution(*told, known=True)


@pytest.mark.parametrize("turned", [False, True])
@pytest.mark.parametrize("dpi", [100, 150, 200, 240, 300, 400, 600])
def test_the_usual_resolutions_are_recognised_by_a_sheet_s_size(dpi: int, turned: bool) -> None:
    size = (round(8.27 * dpi), round(11.69 * dpi))
    size = size[::-1] if turned else size
    assert raster.resolve_dpi(*size, None) == Resolution(dpi, dpi, known=False)


def test_a_slip_keeps_its_letters_size() -> None:
    assert raster.resolve_dpi(500, 200, None).across == 200


@pytest.mark.parametrize(("across", "down"), [(204, 98), (204, 196), (200, 100)])
def test_a_fax_is_stretched_to_square_pixels(across: int, down: int) -> None:
    flat = pictures.page(4 * across, 3 * down)
    page = decoded(
        tiffs.compose(
            tiffs.stripped(
                tiffs.page(4 * across, 3 * down, dpi=(across, down)), [flat.tobytes()], 3 * down
            )
        )
    )
    assert page.gray.shape == (3 * across, 4 * across)
    assert (page.dpi, page.dpi_known) == (across, True)
    assert "resampled" in page.marks


def test_a_fax_that_forgot_its_unit_keeps_the_shape_of_its_pixels() -> None:
    found = raster.resolve_dpi(1728, 1143, (2.04, 0.98))
    assert found.across / found.down == pytest.approx(2.04 / 0.98)
    assert not found.known


def test_dots_a_centimetre_are_understood() -> None:
    fields = tiffs.page(400, 300, dpi=(40, 40), resolution_unit=3)
    page = decoded(tiffs.compose(tiffs.stripped(fields, [pictures.page().tobytes()], 300)))
    assert page.dpi == pytest.approx(101.6)


def test_a_page_without_resolution_is_marked_and_a_fine_one_lowered() -> None:
    plain = pictures.page(*A4_AT_200)
    page = decoded(pictures.encoded(plain, "PNG", dpi=None))
    assert (page.dpi, page.dpi_known, page.marks) == (200, False, ("dpi_assumed",))
    fine = decoded(pictures.encoded(pictures.page(2400, 1200), "PNG", dpi=(600, 600)))
    assert fine.gray.shape == (600, 1200)
    assert (fine.dpi, fine.marks) == (300, ("resampled",))


def test_a_till_receipt_of_two_metres_keeps_its_resolution() -> None:
    assert raster.resolve_dpi(630, 15_748, (200, 200)) == Resolution(200, 200, known=True)
    assert not raster.resolve_dpi(
        16_540, 23_390, (200, 200)
    ).known  # a sheet of two metres by three


def test_lowering_keeps_thin_lines_visible() -> None:
    thin = np.full((1200, 1200), 255, np.uint8)
    thin[:, 600] = 0
    fine = decoded(pictures.encoded(thin, "PNG", dpi=(600, 600)))
    assert fine.gray[:, 295:305].min() < 160
