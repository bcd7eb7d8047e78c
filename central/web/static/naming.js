// Naming: what is it? Guesses on digit keys, search by letters, Enter goes on.

import { ask } from "./ask.js";
import { counted, get, make } from "./client.js";
import { askRescan, bind, bindActs, demandPicture, passOn, showFacts, takeBackLast, tellProblem, tellStatus } from "./frame.js";
import { digitOf } from "./keys.js";
import { Queue, pageUrl } from "./queue.js";
import { Sheet } from "./sheet.js";

const MOST_SHOWN = 9;
/** Acts that decide something of the page or the document that is shown. */
const OF_WHAT_IS_SEEN = new Set(["blank", "split", "attach", "join", "duplicate"]);
const search = document.getElementById("search");
const list = document.getElementById("types");
const queue = new Queue("name", Number(document.body.dataset.keep), (work) => work.pages.slice(0, 6).map((page) => pageUrl(page)));
const sheet = new Sheet(queue);
let types = [];
let offered = [];
let chosen = 0;
let shownAt = 0;
let isBusy = true;

const folded = (text) => text.normalize("NFD").replace(/[\u0300-\u036f]/g, "").toLowerCase();

function found(query) {
  if (!query) return queue.current?.guesses ?? [];
  const words = folded(query).split(/\s+/).filter(Boolean);
  const ranked = types
    .map((type) => {
      const code = folded(type.code);
      const text = `${code} ${folded(type.title)} ${folded(type.pole)}`;
      if (!words.every((word) => text.includes(word))) return null;
      const rank = code === words[0] ? 0 : code.startsWith(words[0]) || code.startsWith(`s${words[0]}`) ? 1 : folded(type.title).startsWith(words[0]) ? 2 : 3;
      return { type, rank };
    })
    .filter(Boolean)
    .sort((one, other) => one.rank - other.rank || one.type.code.localeCompare(other.type.code));
  return ranked.map(({ type }) => type).slice(0, MOST_SHOWN);
}

function draw() {
  offered = found(search.value.trim());
  chosen = Math.max(-1, Math.min(chosen, offered.length - 1));
  list.replaceChildren(
    ...offered.map((type, index) => {
      const entry = make(
        "li",
        { id: `type-${index}`, role: "option" },
        make("kbd", {}, String(index + 1)),
        make("span", { class: "form" }, type.title, /^S\d/.test(type.code) ? make("span", { class: "code" }, type.code) : null),
        make("span", { class: "pole" }, type.pole),
      );
      entry.setAttribute("aria-selected", String(index === chosen));
      entry.addEventListener("click", () => {
        choose(index);
        send();
      });
      return entry;
    }),
  );
  search.setAttribute("aria-activedescendant", chosen >= 0 ? `type-${chosen}` : "");
  if (!offered.length) list.append(make("li", { class: "empty", role: "presentation" }, "Aucun type de ce nom."));
}

function choose(index) {
  if (index < 0 || index >= offered.length) return;
  chosen = index;
  draw();
  list.querySelector('[aria-selected="true"]')?.scrollIntoView({ block: "nearest" });
}

async function send(type = offered[chosen]) {
  if (isBusy || !demandPicture(sheet.isSeen)) return;
  if (!type) {
    tellProblem("Choisissez d'abord un type : chiffre, lettres ou flèches.");
    return;
  }
  isBusy = true;
  const seconds = (performance.now() - shownAt) / 1000;
  tellStatus(`Envoyé : ${type.title}`);
  await queue.send(`/api/documents/${queue.current.id}/name`, { type: type.code, seconds }, `${type.title} → ${type.pole}`);
}

/** What nobody recognised has no type until somebody chooses one; what was searched for has. */
function firstChoice() {
  return search.value.trim() || (queue.current && queue.current.type !== "unknown") ? 0 : -1;
}

async function act(name) {
  if (name === "back" && !queue.current) {
    await takeBackLast(queue, sentList);
    return;
  }
  if (isBusy || !queue.current || queue.seen.isTwice) return;
  tellProblem("");
  if (OF_WHAT_IS_SEEN.has(name) && !demandPicture(sheet.isSeen)) return;
  const path = `/api/documents/${queue.current.id}/act`;
  const page = sheet.page.number;
  try {
    switch (name) {
      case "zoom": return sheet.zoom();
      case "turn": return await queue.act(path, { act: "turn", page, quarters: 1 });
      case "blank": return await markBlank(path, page);
      case "split":
        if (sheet.at === 0) return tellProblem("Affichez d'abord la page où commence l'autre document (Page ↓).");
        return await queue.act(path, { act: "split", page });
      case "attach": return await queue.act(path, { act: "attach" });
      case "join": return await queue.act(path, { act: "join" });
      case "pass": return await passOn(queue, types);
      case "back": return await takeBackLast(queue, sentList);
      case "urgent": return await queue.act(path, { act: "urgent" });
      case "misdirected": return await sendElsewhere();
      case "duplicate": return await duplicate(path);
      case "rescan": return await rescan();
      default: return undefined;
    }
  } catch (error) {
    return tellProblem(error.status === 404 && ["attach", "join"].includes(name)
      ? "Pas de document voisin qui attende encore dans ce lot."
      : error.message);
  } finally {
    search.focus();
  }
}

async function markBlank(path, page) {
  await queue.act(path, { act: "blank", page, blank: sheet.page.role !== "blank" });
  if (queue.current?.pages.every((one) => ["blank", "replaced"].includes(one.role))) {
    const answer = await ask("Toutes les pages sont blanches", make("p", {}, "Écarter ce document ? Il reste consultable et peut être repris."));
    if (answer) await queue.act(path, { act: "discard_blank" });
  }
}

async function sendElsewhere() {
  const type = types.find((one) => one.code === "misdirected");
  const answer = await ask("Courrier d'un autre organisme", make("p", {}, `Ce document part au pôle ${type.pole}.`));
  if (answer) await send(type);
}

async function duplicate(path) {
  const { twins } = queue.current;
  if (!twins.length) return tellProblem("Aucun autre document ne contient la même image : nommez-le normalement.");
  const select = make("select", { id: "twin", name: "original" }, ...twins.map((twin) => make("option", { value: twin.id }, twin.told)));
  const label = make("label", {}, "Même image que");
  label.htmlFor = "twin";
  const answer = await ask("Écarter ce document comme doublon", label, select);
  return answer ? queue.act(path, { act: "duplicate", original: answer.original }) : undefined;
}

async function rescan() {
  const answer = await askRescan();
  if (answer?.reason) await queue.send(`/api/documents/${queue.current.id}/rescan`, { queue: "name", reason: answer.reason, page: sheet.page.number }, "À renumériser");
}

search.addEventListener("input", () => {
  chosen = firstChoice();
  draw();
});

search.addEventListener("keydown", (event) => {
  if (event.altKey || event.ctrlKey || event.metaKey) return;
  const moves = { ArrowDown: () => choose(chosen + 1), ArrowUp: () => choose(chosen - 1), PageDown: () => sheet.goTo(sheet.at + 1), PageUp: () => sheet.goTo(sheet.at - 1) };
  if (moves[event.key]) {
    event.preventDefault();
    moves[event.key]();
  } else if (event.key === "Enter") {
    event.preventDefault();
    send();
  } else if (event.key === "Escape") {
    search.value = "";
    chosen = firstChoice();
    draw();
  } else if (digitOf(event) && !search.value) {
    event.preventDefault();
    choose(digitOf(event) - 1);
  }
});

document.addEventListener("keydown", (event) => {
  // Wherever the focus went, typing goes on in the search.
  if (event.target === document.body && event.key.length === 1 && !event.altKey && !event.ctrlKey) search.focus();
});

queue.addEventListener("show", ({ detail: { work } }) => {
  isBusy = false;
  shownAt = performance.now();
  search.value = "";
  chosen = firstChoice();
  showFacts(work);
  sheet.show(work);
  draw();
  search.focus();
  tellStatus(`Document ${work.position + 1} du lot ${work.lot_name}, ${counted(work.pages.length, "page")}`);
});

queue.addEventListener("empty", () => {
  isBusy = true;
});

queue.addEventListener("refused", async ({ detail: { work, error } }) => {
  if (work) await queue.recall(work.id).catch(() => {});
  isBusy = !queue.current;
  tellProblem(error.message);
});

const sentList = bind(queue);
bindActs(act);
types = (await get("/api/types", queue.onWait)).types.filter((type) => type.code !== "unknown");
await queue.start();
if (queue.name !== "control") await sentList.start();
