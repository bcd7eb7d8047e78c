"""Keys as keyboards of several countries send them, pressed through the browser's own protocol."""

from dataclasses import dataclass

from playwright.sync_api import Page

_ALT, _SHIFT = 1, 8
_AZERTY = {"KeyQ": "a", "KeyA": "q", "KeyW": "z", "KeyZ": "w", "Semicolon": "m", "KeyM": ","}
_ROW = '&é"' + "'(-è_ç"

AZERTY_MAP = """
(() => {
  const letters = [..."abcdefghijklmnopqrstuvwxyz"].map((one) => [`Key${one.toUpperCase()}`, one]);
  const moved = { KeyQ: "a", KeyA: "q", KeyW: "z", KeyZ: "w", Semicolon: "m", KeyM: ",",
                  Backquote: "²" };
  const map = new Map([...letters, ...Object.entries(moved)]);
  Object.defineProperty(navigator, "keyboard", { value: { getLayoutMap: async () => map } });
})();
"""
"""A page's script: the browser tells of a French keyboard."""

NO_MAP = 'Object.defineProperty(navigator, "keyboard", { value: undefined });'
"""A page's script: the browser tells of none, as Firefox does."""


@dataclass(frozen=True, slots=True)
class Key:
    """One key: where it lies and what it gives."""

    code: str
    gives: str
    alt: bool = False
    shift: bool = False


def azerty_digit(digit: int, *, shift: bool = False, alt: bool = False) -> Key:
    """A digit's key of the French top row: without Shift it gives ``& é " '``."""
    gives = str(digit) if shift else _ROW[digit - 1]
    return Key(f"Digit{digit}", gives, alt=alt, shift=shift)


def azerty(letter: str, *, caps: bool = False, alt: bool = False) -> Key:
    """A letter of a French keyboard."""
    code = next((c for c, gives in _AZERTY.items() if gives == letter), f"Key{letter.upper()}")
    return Key(code, letter.upper() if caps else letter, alt=alt)


def press(page: Page, key: Key) -> None:
    """Press and let go of a key."""
    session = page.context.new_cdp_session(page)
    told = {
        "key": key.gives,
        "code": key.code,
        "modifiers": _ALT * key.alt + _SHIFT * key.shift,
        "location": 3 if key.code.startswith("Numpad") else 0,
        "isKeypad": key.code.startswith("Numpad"),
    }
    types = len(key.gives) == 1 and not key.alt
    text = {"text": key.gives} if types else {}
    session.send(
        "Input.dispatchKeyEvent", {"type": "keyDown" if types else "rawKeyDown", **told, **text}
    )
    session.send("Input.dispatchKeyEvent", {"type": "keyUp", **told})
    session.detach()
