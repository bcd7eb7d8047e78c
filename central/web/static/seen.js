// What a person can have seen: keys pressed before a document was on screen decide nothing of it.
//
// Whatever follows such a key without a pause is ignored too: a value that somebody began to type
// too early is never split over two documents, nor does the second tap on a key decide anything.

const SEEN_AFTER_MS = 400;
const TWICE_WITHIN_MS = 300;
const TOLD_FOR_MS = 4000;
const DECIDES_NOTHING = new Set(["Shift", "Control", "Alt", "AltGraph", "Meta", "CapsLock", "NumLock", "Tab", "PageUp", "PageDown"]);

/** Whether a key belongs to the browser or the system: Ctrl and Alt together are AltGr, which types. */
const isBrowsers = (event) => (event.ctrlKey || event.metaKey) && !event.altKey;

/** When a key was pressed: a busy desk hears of it later, never before. */
const pressedAt = (event) => Math.min(event.timeStamp, performance.now());

export class Seen {
  #paintedAt = Infinity;
  #earlyAt = -Infinity;
  #pressed = { key: "", at: -Infinity };
  #isTwice = false;
  #frame = 0;
  #opens = 0;
  #told = 0;

  constructor() {
    this.main = document.getElementById("main");
    this.note = document.getElementById("early");
    document.body.dataset.seen = "no";
    document.addEventListener("keydown", (event) => this.#onKey(event), true);
    document.addEventListener("beforeinput", (event) => this.#guard(event), true);
    document.addEventListener("click", (event) => event.target.closest("[data-decides]") && this.#guard(event), true);
  }

  /** Whether keys count for what is shown. */
  get isOpen() {
    return this.#isOpenAt(performance.now());
  }

  /** The same of a key that was pressed then: a busy desk may hear of it much later. */
  #isOpenAt(at) {
    if (this.#paintedAt === -Infinity) return true;
    return at - this.#paintedAt >= SEEN_AFTER_MS && at - this.#earlyAt >= SEEN_AFTER_MS;
  }

  /** Whether the last key was the second of a double tap. */
  get isTwice() {
    return this.#isTwice;
  }

  /** What is shown is done with; something else comes. */
  away() {
    cancelAnimationFrame(this.#frame);
    this.#paintedAt = Infinity;
    this.#tellState();
  }

  /** Something was put on the page; it counts as seen a moment after it was painted. */
  put() {
    cancelAnimationFrame(this.#frame);
    this.#frame = requestAnimationFrame(() => {
      this.#frame = requestAnimationFrame(() => {
        this.#paintedAt = performance.now();
        this.#tellState();
      });
    });
  }

  /** Nothing is there to be decided: keys are free. */
  nothing() {
    cancelAnimationFrame(this.#frame);
    this.#paintedAt = -Infinity;
    this.#tellState();
  }

  /** Say that a key was ignored. */
  tell(text = "Touche ignorée : le document n'était pas encore à l'écran.") {
    clearTimeout(this.#told);
    this.note.textContent = text;
    this.note.hidden = false;
    this.#told = setTimeout(() => this.#untell(), TOLD_FOR_MS);
  }

  #untell() {
    clearTimeout(this.#told);
    this.note.hidden = true;
  }

  #onKey(event) {
    const { target } = event;
    const isOurs = target === document.body || (this.main.contains(target) && !target.closest("dialog"));
    if (!isOurs || isBrowsers(event) || DECIDES_NOTHING.has(event.key)) return;
    const at = pressedAt(event);
    const key = `${event.altKey} ${event.code || event.key}`;
    this.#isTwice = key === this.#pressed.key && at - this.#pressed.at < TWICE_WITHIN_MS;
    this.#pressed = { key, at };
    if (this.#guard(event)) return;
    if (event.key === "Enter" && (event.repeat || this.#isTwice)) {
      this.#stop(event);
      this.tell("Touche ignorée : deux frappes d'Entrée coup sur coup.");
    } else this.#untell();
  }

  /** Stop what comes too early; whether it did. */
  #guard(event) {
    if (this.#isOpenAt(pressedAt(event)) || event.target.closest("dialog")) return false;
    this.#stop(event);
    this.#earlyAt = performance.now();
    this.#tellState();
    this.tell();
    return true;
  }

  #stop(event) {
    event.preventDefault();
    event.stopImmediatePropagation();
  }

  #tellState() {
    clearTimeout(this.#opens);
    const isEmpty = this.#paintedAt === -Infinity;
    const { isOpen } = this; // asked once: a timer may come a hair early, and the next look find it open
    document.body.dataset.seen = isEmpty ? "nothing" : isOpen ? "yes" : "no";
    if (isEmpty || isOpen || this.#paintedAt === Infinity) return;
    const at = Math.max(this.#paintedAt, this.#earlyAt) + SEEN_AFTER_MS;
    this.#opens = setTimeout(() => this.#tellState(), Math.max(1, at - performance.now()));
  }
}
