"""What blanks show around tick boxes, as a form's file keeps it."""

import numpy as np

from edge import pack
from edge.reading import tickblank, tickpatch
from edge.reading.forms import FieldKind
from edge.reading.registration import Registration
from models.training import forms, tick_blanks


def test_blanks_are_written_anew_each_time_and_stay_with_their_field() -> None:
    text = (
        '[[fields]]\nname = "a"\nkind = "tick"\nbox_mm = [1.0, 1.0, 4.0, 4.0]\n'
        '[[fields]]\nname = "b"\nkind = "tick"\nbox_mm = [9.0, 1.0, 4.0, 4.0]\n'
    )
    once = tick_blanks.written(text, {"a": ("xx", "yy"), "b": ("zz",)})
    assert once.count('"xx"') == once.count('"yy"') == once.count('"zz"') == 1
    again = tick_blanks.written(once, {"a": ("vv",), "b": ("zz",)})
    assert [again.count(f'"{name}"') for name in ("xx", "yy", "zz", "vv")] == [0, 0, 1, 1]
    assert again.index('"vv"') < again.index('name = "b"') < again.index('"zz"')


def test_a_form_has_what_its_own_blank_shows() -> None:
    form = pack.load(pack.default_dir()).forms["S3501"]
    blank = forms.blank(form, 200)
    found = tick_blanks.measured(form, [blank])
    px = blank.shape[1] / form.width_mm
    where = Registration(np.array([[px, 0.0, 0.0], [0.0, px, 0.0]]), 0.1, 9)
    for spec in form.fields:
        if spec.kind is not FieldKind.TICK:
            continue
        (text,) = found[spec.name]
        kept = tickblank.unpacked(spec.blanks[0])
        assert (tickblank.unpacked(text) == kept).mean() > 0.99, spec.name
        seen = tickpatch.wider(blank, where, tickpatch.boxes_of(spec))
        _, shown = tickpatch.on_blank(seen, [kept])
        assert shown is kept
