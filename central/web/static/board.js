// The board: asks for its changing part every few seconds and puts the blocks that changed in place.
// The HTML comes from our own server, escaped there; a block that did not change stays as it is,
// and what somebody has opened, scrolled to or stands on in a block survives its renewal.

import { time } from "./words.js";

const every = Math.max(1, Number(document.body.dataset.every)) * 1000;
const patience = 15_000;
const live = document.getElementById("live");
let next = 0;

const parts = (root) => new Map([...root.querySelectorAll("[data-part]")].map((one) => [one.dataset.part, one]));
const drawn = new Map([...parts(live)].map(([name, one]) => [name, one.innerHTML]));

function renew(old, fresh) {
  const scrolled = [...old.querySelectorAll(".scroll")].map((one) => [one.scrollLeft, one.scrollTop]);
  const opened = [...old.querySelectorAll("details")].map((one) => one.open);
  const reachable = "a, summary, [tabindex]";
  const standing = [...old.querySelectorAll(reachable)].indexOf(document.activeElement);
  old.replaceChildren(...fresh.childNodes);
  old.querySelectorAll("details").forEach((one, i) => (one.open = opened[i] ?? false));
  old.querySelectorAll(".scroll").forEach((one, i) => ([one.scrollLeft, one.scrollTop] = scrolled[i] ?? [0, 0]));
  if (standing >= 0) old.querySelectorAll(reachable)[standing]?.focus({ preventScroll: true });
}

function show(html) {
  const fresh = parts(new DOMParser().parseFromString(html, "text/html"));
  for (const [name, old] of parts(live)) {
    const made = fresh.get(name);
    if (!made || drawn.get(name) === made.innerHTML) continue;
    drawn.set(name, made.innerHTML);
    renew(old, made);
  }
  document.getElementById("status").textContent = `à jour à ${time(new Date())}`;
  lost("");
}

// Told aloud by screen readers when it changes, so only when the centre goes away or comes back.
function lost(words) {
  const line = document.getElementById("lost");
  if (line.textContent !== words) line.textContent = words;
}

async function refresh() {
  try {
    const answer = await fetch("/api/board/view", { cache: "no-store", signal: AbortSignal.timeout(patience) });
    if (answer.status === 401 || answer.status === 403) return location.reload();
    if (!answer.ok) throw new Error(String(answer.status));
    show(await answer.text());
  } catch (error) {
    console.error(error);
    lost("Le centre ne répond pas, nouvel essai…");
  }
  clearTimeout(next);
  next = setTimeout(refresh, document.hidden ? 10 * every : every);
}

document.addEventListener("visibilitychange", () => document.hidden || refresh());
next = setTimeout(refresh, every);
