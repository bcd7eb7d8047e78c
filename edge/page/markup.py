"""Make HTML in which nothing that a file was called can become markup; pure."""

from html import escape


class Markup(str):
    """HTML that was made here."""

    __slots__ = ()


def text(value: object) -> Markup:
    """Whatever it is, as text; what is markup already stays."""
    return value if isinstance(value, Markup) else Markup(escape(str(value), quote=False))


def join(parts: "list[Markup] | tuple[Markup, ...]") -> Markup:
    """Several pieces, one after the other."""
    return Markup("".join(parts))


_VOID = frozenset({"input", "meta", "link", "img", "br"})


def tag(name: str, /, *content: object, **attributes: object) -> Markup:
    """An element.

    Args:
        name: Of the element.
        *content: Text, escaped, or markup.
        **attributes: Their values are escaped; ``None`` and False leave one out, True gives it
            alone. A trailing underscore is dropped and others become hyphens: ``class_``,
            ``aria_label``.
    """
    told = "".join(
        f" {key.rstrip('_').replace('_', '-')}"
        + ("" if value is True else f'="{escape(str(value))}"')
        for key, value in attributes.items()
        if value is not None and value is not False
    )
    if name in _VOID:
        return Markup(f"<{name}{told}>")
    inner = "".join(text(part) for part in content)
    return Markup(f"<{name}{told}>{inner}</{name}>")
