// Keys by meaning and by place, shown as the person's own keyboard has them.
//
// A command has a letter: its usual one, or another that the person chose, which goes with their
// account (central/web/commands.py). It is pressed with Alt, or after a first key; which of the two a workstation
// uses is its profile, kept in the browser: a keyboard belongs to the desk, not to the person.
// A letter counts by what it means; where Alt makes another character of it (macOS) or the script is
// another, by its place on the keyboard. Digits of the top row count by their place whatever Shift
// and CapsLock say: on a French keyboard they are & é " ' ( - è _ ç à.

const STORED = { layout: "vaguemestre.layout", profile: "vaguemestre.profile" };
const isMac = /Mac|iPhone|iPad/.test(navigator.platform);
const isFirefox = navigator.userAgent.includes("Firefox/");

/** Where letters lie otherwise than on a QWERTY keyboard, for browsers that do not tell. */
const MOVED = {
  qwerty: {},
  qwertz: { KeyY: "z", KeyZ: "y", Backquote: "^" },
  azerty: { KeyQ: "a", KeyA: "q", KeyW: "z", KeyZ: "w", Semicolon: "m", KeyM: ",", Backquote: "²" },
  bepo: {
    KeyQ: "b", KeyW: "é", KeyE: "p", KeyR: "o", KeyT: "è", KeyY: "^", KeyU: "v", KeyI: "d", KeyO: "l", KeyP: "j", BracketLeft: "z", BracketRight: "w",
    KeyA: "a", KeyS: "u", KeyD: "i", KeyF: "e", KeyG: ",", KeyH: "c", KeyJ: "t", KeyK: "s", KeyL: "r", Semicolon: "n", Quote: "m",
    KeyZ: "à", KeyX: "y", KeyC: "x", KeyV: ".", KeyB: "k", KeyN: "'", KeyM: "q", Comma: "g", Period: "h", Slash: "f", Backquote: "$",
  },
};
export const LAYOUTS = { auto: "celui que le navigateur annonce", azerty: "AZERTY", bepo: "BÉPO", qwerty: "QWERTY", qwertz: "QWERTZ" };
export const PROFILES = { auto: "selon ce poste", alt: "Alt et une lettre", sequence: "une touche, puis une lettre" };
/** What the first key may give: the key left of 1, whose character no value needs; or F2. */
const FIRST = new Set(["²", "`", "^", "$", "Dead"]);

const find = (name, among) => {
  const found = localStorage.getItem(STORED[name]);
  return found in among ? found : "auto";
};
export const choices = () => ({ layout: find("layout", LAYOUTS), profile: find("profile", PROFILES) });
export const choose = (name, value) => localStorage.setItem(STORED[name], value);

function plain(name) {
  const letters = [..."abcdefghijklmnopqrstuvwxyz"].map((letter) => [`Key${letter.toUpperCase()}`, letter]);
  return new Map([...letters, ["Backquote", "`"], ...Object.entries(MOVED[name])]);
}

async function layoutOf({ layout }) {
  if (layout !== "auto") return plain(layout);
  const told = await navigator.keyboard?.getLayoutMap?.().catch(() => null);
  if (told?.size) return told;
  return plain(navigator.language.startsWith("fr") ? "azerty" : "qwerty");
}

const letters = JSON.parse(document.body.dataset.letters ?? "{}");
/** What stands for a command, by its name; a digit stands for itself. */
const signOf = (name) => letters[name] ?? name;
/** Whether a letter or digit stands for a command. */
export const isFor = (sign, name) => sign === signOf(name);

const chosen = choices();
const layout = await layoutOf(chosen);
const isSequence = chosen.profile === "auto" ? isMac || isFirefox : chosen.profile === "sequence";
const leftOfOne = layout.get("Backquote") ?? "";
const first = FIRST.has(leftOfOne) ? leftOfOne : "F2";

/** What to press for a command or a digit, as the keys of this keyboard are marked. */
export const told = (name) => `${isSequence ? first : isMac ? "⌥" : "Alt"} ${signOf(name).toUpperCase()}`;

/** Write the keys on what carries ``data-key``. */
export function mark(root = document) {
  for (const one of root.querySelectorAll("[data-key]")) {
    const key = one.matches("kbd") ? one : one.querySelector("kbd");
    key.textContent = told(one.dataset.key);
  }
}

/** AltGr types characters; elsewhere Ctrl and Alt together say so. */
const isTyping = (event) => event.getModifierState("AltGraph") || (event.ctrlKey && event.altKey);

/** The letter that was meant, in lower case; empty: none. */
export function letterOf(event) {
  if (/^[a-z]$/i.test(event.key)) return event.key.toLowerCase();
  const placed = layout.get(event.code) ?? "";
  return /^[a-z]$/i.test(placed) ? placed.toLowerCase() : "";
}

/** The digit 1 to 9 that was meant, of the top row or the keypad; 0: none. */
export function digitOf(event) {
  if (event.ctrlKey || event.metaKey || event.isComposing) return 0;
  if (/^[1-9]$/.test(event.key)) return Number(event.key);
  const row = event.code.match(/^Digit([1-9])$/);
  return row ? Number(row[1]) : 0;
}

/**
 * Listen for acts.
 *
 * @param {(sign: string, event: KeyboardEvent) => boolean} act is told a letter or a digit; whether it is one
 * @param {() => boolean} mayAct whether keys are free now
 */
export function listen(act, mayAct = () => true) {
  let isBegun = false;
  const begin = (on) => {
    isBegun = on;
    document.body.classList.toggle("begun", on);
  };
  const take = (event) => {
    event.preventDefault();
    event.stopPropagation();
  };
  const follow = (event) => {
    if (["Shift", "CapsLock", "NumLock", "Alt", "Control", "Meta"].includes(event.key)) return;
    begin(false);
    take(event);
    const sign = letterOf(event) || String(digitOf(event) || "");
    if (sign) act(sign, event);
  };
  document.addEventListener("keydown", (event) => {
    if (!mayAct() || isTyping(event)) return;
    if (isBegun) follow(event);
    else if (!event.altKey && !event.ctrlKey && !event.metaKey && !event.shiftKey && isFirst(event)) {
      take(event);
      begin(true);
    } else if (event.altKey && !event.metaKey && !isSequence && !event.code.startsWith("Numpad")) {
      const sign = letterOf(event) || String(digitOf(event) || "");
      if (sign && act(sign, event)) take(event);
    }
  }, true);
  window.addEventListener("blur", () => begin(false));
}

const isFirst = (event) => event.key === "F2" || (event.code === "Backquote" && FIRST.has(event.key));
