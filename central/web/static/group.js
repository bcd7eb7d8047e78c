// Group mode: one field of many documents, or look-alike characters; each document is settled alone.

import { isAsking } from "./ask.js";
import { check, shown } from "./checks.js";
import { Refused, counted, make, post, postUntilAnswered, underWay } from "./client.js";
import { isFor, listen, mark, told as keyTold } from "./keys.js";
import { hasArrived, loadUntilThere } from "./pictures.js";
import { Seen } from "./seen.js";
import { SentList } from "./sent.js";
import { grow } from "./whole_text.js";

const DRAFT_AFTER_MS = 300;
const WIDE_MM = 110;
const PAIRS = { 17: "17", 38: "38", 56: "56", 49: "49", "06": "06", "0O": "0O", "1I": "1I", "2Z": "2Z", "5S": "5S", "8B": "8B" };
const REASONS = { illegible: "illisible", absent: "absent" };
const { keep, pair, type, field } = document.body.dataset;
const byId = (id) => document.getElementById(id);
const list = byId("items");
const seen = new Seen();

let rows = [];
let settled = 0;
let isBusy = false;

const held = () => [...new Set(rows.map((row) => row.item.id))];

const tell = (text) => {
  byId("status").textContent = text;
};

function tellProblem(text) {
  byId("problem").hidden = !text;
  byId("problem").textContent = text;
}

const onWait = (isWaiting) => {
  byId("link").hidden = !isWaiting;
};

/** Show the next documents of the group, or those that came back, with what was said of them. */
async function take(ids = [], memory = null) {
  isBusy = true;
  const { items } = await postUntilAnswered("/api/group/take", { pair, type, field, ids }, onWait);
  if (ids.length && !items.length) return location.assign(`/videocoder?id=${ids[0]}`); // of another group
  rows = items.map((item) => (pair ? markRow(item, memory) : entryRow(item, memory)));
  for (const row of rows) loadUntilThere(row.image, row.item.task.zone, () => rows.includes(row));
  list.classList.toggle("wide", rows.some((row) => row.item.task.has_lines || row.item.task.box_mm?.[2] > WIDE_MM));
  list.replaceChildren(...rows.map((row) => row.element));
  rows.forEach((row) => row.fit?.());
  byId("empty").hidden = rows.length > 0;
  byId("keys").hidden = rows.length === 0;
  isBusy = false;
  if (rows.length) seen.put();
  else seen.nothing();
  showCount();
  if (!rows.length) return tell("Plus aucun document dans ce groupe.");
  const open = rows.findIndex((row) => !row.isDone);
  focusOn(open < 0 ? rows.length - 1 : open);
  return tell(`${rows.length} à vérifier`);
}

function showCount() {
  const here = pair ? rows.filter((row) => row.isWrong).length : rows.filter((row) => row.isDone).length;
  const word = pair ? "marquée fausse" : "vérifié";
  byId("count").textContent = rows.length ? `${counted(here, word)} sur ${rows.length} · ${counted(settled, "envoyé")}` : counted(settled, "envoyé");
}

function focusOn(index) {
  const row = rows[Math.min(Math.max(0, index), rows.length - 1)];
  row?.focus();
}

const pictureOf = (item) => make("img", { alt: `${item.task.label}, ${item.lot_name} n° ${item.number}` });

/** What nobody can see, nobody confirms: the rows whose picture has not come stay as they are. */
function missingPictures(some) {
  const missing = some.filter((row) => !hasArrived(row.image)).length;
  if (missing) {
    const one = missing === 1 ? "Une image n'est pas arrivée" : `${missing} images ne sont pas arrivées`;
    tellProblem(`${one} : rien n'a été retenu, nouvel essai.${pair ? " Espace retire un document du groupe." : ""}`);
  }
  return missing;
}

// One field: each zone with what was read, to confirm or to type over.

function entryRow(item, memory) {
  const draft = memory?.get(keyOf(item)) ?? underWay.find(keyOf(item)) ?? item.draft?.group?.[item.task.name];
  const row = { item, reason: draft?.reason ?? null, isDone: Boolean(draft?.isDone), seconds: 0, timer: 0 };
  const id = `value-${item.id}`;
  row.input = make("textarea", { id, rows: 1, autocomplete: "off", spellcheck: false, maxLength: 1000 });
  row.fit = grow(row.input);
  row.input.setAttribute("aria-label", `${item.task.label}, ${item.lot_name} n° ${item.number}`);
  row.input.setAttribute("aria-describedby", `hint-${item.id}`);
  row.input.value = draft?.value ?? shown(item.task.kind, item.task.value || item.task.raw);
  row.hint = make("span", { class: "hint", id: `hint-${item.id}` });
  row.image = pictureOf(item);
  row.element = make("li", {}, make("div", { class: "crop" }, row.image), make("div", { class: "line" }, row.input, row.hint));
  row.focus = () => {
    row.input.focus();
    row.input.select();
    row.element.scrollIntoView({ block: "nearest" });
  };
  row.input.addEventListener("input", () => {
    row.reason = null;
    row.isDone = false;
    drawRow(row);
    remember(row);
  });
  row.input.addEventListener("focus", () => {
    row.since = performance.now();
  });
  row.input.addEventListener("blur", () => {
    row.seconds += (performance.now() - row.since) / 1000;
  });
  row.input.addEventListener("keydown", (event) => onEntryKey(event, row));
  drawRow(row);
  return row;
}

function drawRow(row, problem = "") {
  const told = row.reason ? { isUsable: true, hint: REASONS[row.reason] } : check(row.item.task, row.input.value);
  row.isUsable = told.isUsable;
  row.hint.textContent = problem || told.hint || (row.isDone ? "vu" : "");
  row.hint.title = row.hint.textContent;
  row.hint.className = `hint ${problem || told.isWrong ? "bad" : row.isDone ? "good" : ""}`;
  row.input.setAttribute("aria-invalid", String(Boolean(problem || told.isWrong)));
  row.element.className = problem ? "refused" : row.isDone ? "done" : "";
  showCount();
}

function onEntryKey(event, row) {
  const at = rows.indexOf(row);
  if (event.key === "Enter") {
    event.preventDefault();
    accept(row);
  } else if (!event.altKey && (event.key === "ArrowDown" || event.key === "ArrowUp")) {
    event.preventDefault();
    focusOn(at + (event.key === "ArrowDown" ? 1 : -1));
  }
}

/** Say why a field has no value; whether that is a letter of this page. */
function giveReason(letter) {
  const row = rows.find((one) => one.input === document.activeElement);
  const reason = Object.keys(REASONS).find((one) => isFor(letter, one));
  if (pair || !row || !reason) return false;
  if (!seen.isTwice && !missingPictures([row])) {
    row.reason = reason;
    row.input.value = "";
    accept(row);
  }
  return true;
}

function accept(row) {
  if (seen.isTwice || missingPictures([row])) return undefined;
  drawRow(row);
  if (!row.isUsable) return tellProblem(`${row.hint.textContent || "Champ vide"}. Corrigez, ${keyTold("illegible")} si illisible, ${keyTold("absent")} si absent.`);
  tellProblem("");
  row.isDone = true;
  drawRow(row);
  remember(row);
  const at = rows.indexOf(row);
  const later = rows.findIndex((one, index) => index > at && !one.isDone);
  const next = later >= 0 ? later : rows.findIndex((one) => !one.isDone);
  if (next < 0) return send();
  return focusOn(next);
}

const keyOf = (item) => `group ${item.id} ${item.task.name}`;

/** What is typed outlives a reload: it lies in the document's draft, beside what was there. */
const typedIn = (row) => ({ value: row.input.value, reason: row.reason, isDone: row.isDone });

function saveDraft(row, options = {}) {
  const mine = { [row.item.task.name]: typedIn(row) };
  const content = { ...row.item.draft, group: { ...row.item.draft?.group, ...mine } };
  return post(`/api/documents/${row.item.id}/draft`, { queue: "key", content }, options);
}

function remember(row) {
  clearTimeout(row.timer);
  underWay.keep(keyOf(row.item), typedIn(row));
  row.timer = setTimeout(async () => {
    row.timer = 0;
    try {
      await saveDraft(row);
      if (!row.timer) underWay.drop(keyOf(row.item));
      onWait(false);
    } catch (error) {
      if (error instanceof Refused && error.status < 500) return;
      onWait(true);
      remember(row);
    }
  }, DRAFT_AFTER_MS);
}

// Look-alikes: readings side by side; the wrong ones are marked, all others are as they were read.

function markRow(item, memory) {
  const row = { item, isWrong: false };
  const verdict = make("span", { class: "verdict" });
  const reading = make("span", { class: "reading mono" }, ...marked(shown(item.task.kind, item.task.value)));
  const where = make("span", { class: "where" }, `${item.task.label} · ${item.lot_name} n° ${item.number}`);
  row.image = pictureOf(item);
  row.button = make("button", { type: "button", tabIndex: -1 }, make("div", { class: "crop" }, row.image), make("span", { class: "line" }, reading, verdict), where);
  row.button.setAttribute("role", "checkbox");
  row.button.setAttribute("aria-checked", "false");
  row.button.setAttribute("aria-label", `${shown(item.task.kind, item.task.value)}, ${item.task.label}, ${item.lot_name} n° ${item.number} : lecture fausse`);
  row.element = make("li", {}, row.button);
  row.focus = () => {
    rows.forEach((one) => {
      one.button.tabIndex = one === row ? 0 : -1;
    });
    row.button.focus();
    row.element.scrollIntoView({ block: "nearest" });
  };
  const toggle = () => {
    row.isWrong = !row.isWrong;
    row.button.setAttribute("aria-checked", String(row.isWrong));
    verdict.textContent = row.isWrong ? "fausse" : "";
    showCount();
  };
  row.button.addEventListener("click", (event) => {
    if (event.detail > 0) row.focus();
    toggle();
  });
  row.button.addEventListener("keydown", (event) => onMarkKey(event, row));
  if (memory?.get(keyOf(item))) toggle();
  return row;
}

function marked(text) {
  const wanted = PAIRS[pair] ?? "";
  return [...text].map((character) => (wanted.includes(character) ? make("mark", {}, character) : character));
}

function onMarkKey(event, row) {
  const columns = getComputedStyle(list).gridTemplateColumns.split(" ").length;
  const steps = { ArrowRight: 1, ArrowLeft: -1, ArrowDown: columns, ArrowUp: -columns };
  if (event.key in steps) {
    event.preventDefault();
    const at = rows.indexOf(row) + steps[event.key];
    if (at >= 0 && at < rows.length) focusOn(at);
  } else if (event.key === "Enter") {
    event.preventDefault();
    send();
  }
}

// Sending, for both.

function answers() {
  const byDocument = new Map();
  for (const row of rows) {
    const told = byDocument.get(row.item.id) ?? { id: row.item.id, wrong: false, fields: [] };
    const { position, value } = row.item.task;
    if (pair) {
      told.wrong ||= row.isWrong;
      told.fields.push({ position, value, reason: null });
    } else if (row.isDone) {
      told.fields.push({ position, value: row.reason ? null : row.input.value, reason: row.reason, seconds: row.seconds });
    }
    if (told.fields.length) byDocument.set(row.item.id, told);
  }
  return [...byDocument.values()];
}

async function send() {
  const told = answers();
  if (isBusy || !told.length || missingPictures(rows.filter((row) => (pair ? !row.isWrong : row.isDone)))) return;
  isBusy = true;
  seen.away();
  tell("Envoyé");
  const memory = new Map(rows.map((row) => [keyOf(row.item), pair ? row.isWrong : typedIn(row)]));
  rows.forEach((row) => {
    clearTimeout(row.timer);
    row.timer = 0;
    underWay.drop(keyOf(row.item));
  });
  try {
    const { results } = await postUntilAnswered("/api/group/send", { pair, type, field, answers: told }, onWait);
    const refused = new Map(results.filter((one) => one.state === "refused").map((one) => [one.id, one.detail]));
    const lost = results.filter((one) => one.state === "lost").length;
    settled += results.length - refused.size - lost;
    keepSent(results.filter((one) => ["done", "left"].includes(one.state)).map((one) => one.id), memory);
    tellProblem(lost ? `${counted(lost, "document passé")} à quelqu'un d'autre entre-temps : rien n'y a changé.` : "");
    if (refused.size && !pair) keepRefused(told, refused);
    else await next(told);
  } catch (error) {
    tellProblem(error.detail ? `${error.message} ${error.detail}` : error.message);
  }
  if (rows.length) seen.put();
  isBusy = false;
}

/** What is left of this screen is given back before the next one comes. */
async function next(told) {
  await leave(new Set(told.map((one) => one.id)));
  await take();
}

async function leave(but = new Set()) {
  const left = held().filter((id) => !but.has(id));
  if (left.length) await postUntilAnswered("/api/work/leave", { ids: left }, onWait);
}

// What was sent from here, and its return to the screen.

function keepSent(ids, memory) {
  if (!ids.length) return;
  const { item } = rows.find((row) => row.item.id === ids[0]);
  sentList.add(ids, document.querySelector("h1").textContent, `${item.lot_name} n° ${item.number}`, memory);
}

/** What came back takes the place of what is on screen, which is given back with what was typed. */
async function showAgain(back, memory) {
  const elsewhere = back.find((one) => one.queue !== "key");
  if (elsewhere) return location.assign(`/nommer?id=${elsewhere.id}`);
  const typed = rows.filter((row) => row.timer);
  typed.forEach((row) => {
    clearTimeout(row.timer);
    row.timer = 0;
  });
  await Promise.all(typed.map((row) => saveDraft(row).catch(() => {})));
  await leave();
  settled = Math.max(0, settled - back.length);
  tellProblem("");
  return take(back.map((one) => one.id), memory);
}

async function takeBack() {
  if (isBusy || seen.isTwice) return;
  isBusy = true;
  seen.away();
  await sentList.takeBackLast();
  if (rows.length) seen.put();
  else seen.nothing();
  isBusy = false;
}

const sentList = new SentList((text) => seen.tell(text), showAgain, onWait);

function keepRefused(told, refused) {
  const sent = new Set(told.map((one) => one.id));
  rows = rows.filter((row) => !sent.has(row.item.id) || refused.has(row.item.id));
  list.replaceChildren(...rows.map((row) => row.element));
  rows.forEach((row) => {
    if (!refused.has(row.item.id)) return;
    row.isDone = false;
    drawRow(row, refused.get(row.item.id));
  });
  focusOn(rows.findIndex((row) => refused.has(row.item.id)));
}

byId("send").addEventListener("click", send);
byId("back").addEventListener("click", takeBack);
listen((sign) => {
  if (isFor(sign, "back")) takeBack();
  else if (isFor(sign, "send_done")) send();
  else return giveReason(sign);
  return true;
}, () => !isAsking());
mark();

setInterval(() => {
  if (held().length) post("/api/work/keep", { ids: held() }, { byItself: true }).then(() => onWait(false), (error) => (error.status === 401 ? location.reload() : onWait(true)));
}, Number(keep) * 1000);
window.addEventListener("pagehide", () => {
  for (const row of rows) if (row.timer) saveDraft(row, { keepalive: true }).catch(() => {});
  if (held().length) post("/api/work/leave", { ids: held() }, { keepalive: true }).catch(() => {});
});

await take();
await sentList.start();
