// The station's page: asks for itself every few seconds and shows what has changed.
//
// The server has already escaped every text; what is fetched is the page itself. What was being
// read stays where it is: focus, scrolling, and anything that is selected.

const every = 3_000;
const patience = 10_000;
const freshness = document.getElementById("freshness");

function say(words, className) {
  if (freshness.textContent === words) return;
  freshness.textContent = words;
  freshness.className = className;
}

function isSelecting(live) {
  const selection = document.getSelection();
  return selection !== null && !selection.isCollapsed && live.contains(selection.anchorNode);
}

const keyed = (root) => [...root.querySelectorAll("[data-key]")];

function replace(live, fresh) {
  if (live.innerHTML === fresh.innerHTML || isSelecting(live)) return;
  const focused = live.contains(document.activeElement) ? document.activeElement.dataset.key : null;
  const scrolled = new Map(keyed(live).map((one) => [one.dataset.key, one.scrollTop]));
  live.replaceChildren(...fresh.childNodes);
  for (const one of keyed(live)) {
    one.scrollTop = scrolled.get(one.dataset.key) ?? 0;
    if (one.dataset.key === focused) one.focus({ preventScroll: true });
  }
}

async function refresh() {
  const live = document.getElementById("live");
  try {
    const answer = await fetch("/", { signal: AbortSignal.timeout(patience), cache: "no-store" });
    if (!answer.ok) throw new Error(String(answer.status));
    const page = new DOMParser().parseFromString(await answer.text(), "text/html");
    const fresh = page.getElementById("live");
    if (fresh === null) throw new Error("no page");
    replace(live, fresh);
    say("À jour", "good");
  } catch {
    say("La station ne répond plus", "lost");
  }
  setTimeout(refresh, every);
}

if (document.getElementById("live") !== null) {
  say("À jour", "good");
  setTimeout(refresh, every);
}
