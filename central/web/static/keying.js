// Keying: the doubtful fields in the order of the form, the zone above the input, Enter goes on.

import { counted, get, make } from "./client.js";
import { check, shown } from "./checks.js";
import { askRescan, bind, bindActs, demandPicture, passOn, showFacts, takeBackLast, tellProblem, tellStatus } from "./frame.js";
import { told } from "./keys.js";
import { Queue, pageUrl } from "./queue.js";
import { Sheet, awaited } from "./sheet.js";
import { grow } from "./whole_text.js";

const REASONS = { illegible: "illisible", absent: "absent", wrong_on_paper: "faux sur le papier" };
const byId = (id) => document.getElementById(id);
const input = byId("value");
const fit = grow(input);

function urlsOf(work) {
  const pages = [...new Set(work.tasks.map((task) => task.page))];
  const numbers = pages.length ? pages : [work.pages[0].number];
  const wanted = work.pages.filter((page) => numbers.includes(page.number));
  return [...wanted.map((page) => pageUrl(page)), ...work.tasks.map((task) => task.zone).filter(Boolean)];
}

const queueName = document.body.dataset.queue;
const isControl = queueName === "control";
const queue = new Queue(queueName, Number(document.body.dataset.keep), urlsOf);
const sheet = new Sheet(queue);
let entries = [];
let at = 0;
let shownAt = 0;
let fieldAt = 0;
let isBusy = true;
let previous = new Map();

const tasks = () => queue.current?.tasks ?? [];

function content() {
  return { at, entries: entries.map(({ value, reason, seconds, isDone }) => ({ value, reason, seconds, isDone })) };
}

function begin(work) {
  const draft = work.draft?.entries ?? [];
  const isSame = draft.length === work.tasks.length;
  entries = work.tasks.map((task, index) => ({
    value: shown(task.kind, task.value),
    reason: null,
    seconds: 0,
    isDone: false,
    ...(isSame ? draft[index] : {}),
  }));
  at = isSame ? Math.min(work.draft.at ?? 0, Math.max(0, entries.length - 1)) : 0;
}

function draw() {
  const task = tasks()[at];
  byId("acts").querySelectorAll('[data-act="illegible"], [data-act="absent"], [data-act="wrong_on_paper"], [data-act="copy"]').forEach((button) => {
    button.disabled = !task;
  });
  listTasks();
  if (!task) return drawNothingToKey();
  input.disabled = false;
  input.hidden = false;
  const label = byId("label");
  const isDispute = isControl && task.others.length > 0;
  const blind = isControl ? "à l'aveugle" : "double saisie";
  const tag = isDispute ? "deux lectures diffèrent" : task.is_blind ? blind : "";
  label.replaceChildren(task.label, ...(tag ? [make("span", { class: isDispute ? "tag warn" : "tag" }, tag)] : []));
  input.value = entries[at].value;
  fit();
  byId("zone").classList.toggle("lines", task.has_lines && Boolean(task.zone));
  const zone = task.zone ? queue.pictures.get(task.zone) : null;
  if (zone) zone.alt = `Zone du champ ${task.label}`;
  byId("zone").replaceChildren(zone ?? make("p", { class: "soft" }, "Le champ n'a pas de zone connue : cherchez-le sur la page."));
  if (zone && !queue.pictures.isThere(task.zone)) awaited(byId("zone"), zone);
  drawOthers(task);
  sheet.goToNumber(task.page, task.box_mm);
  hint();
  fieldAt = performance.now();
  input.focus();
  input.select();
  return undefined;
}

function drawNothingToKey() {
  byId("label").textContent = "Rien à saisir";
  byId("zone").replaceChildren(make("p", {}, `Vérifiez que c'est bien : ${queue.current.title}. Entrée l'envoie au pôle ${queue.current.pole}.`));
  input.value = "";
  fit();
  byId("zone").classList.remove("lines");
  byId("others").hidden = true;
  byId("hint").textContent = "";
  input.focus();
}

function drawOthers(task) {
  const others = byId("others");
  others.hidden = !task.others.length;
  others.replaceChildren(
    ...task.others.map((other, index) => {
      const said = other.reason ? REASONS[other.reason] : shown(task.kind, other.value) || "vide";
      const button = make("button", { type: "button" }, make("kbd", {}, told(String(index + 1))), make("span", {}, said));
      button.addEventListener("click", () => retain(index));
      return button;
    }),
  );
}

/** Retain one of two entries that differ; whether there is one of that number. */
function retain(index) {
  const other = tasks()[at]?.others[index];
  if (!other) return false;
  if (isBusy || queue.seen.isTwice || !isSeen()) return true;
  if (other.reason && other.reason !== "wrong_on_paper") giveReason(other.reason);
  else {
    input.value = shown(tasks()[at].kind, other.value ?? "");
    entries[at].value = input.value;
    entries[at].reason = other.reason;
    goOn();
  }
  return true;
}

function hint() {
  const task = tasks()[at];
  const entry = entries[at];
  if (!task) return;
  const found = entry.reason ? { isUsable: true, hint: REASONS[entry.reason] } : check(task, input.value);
  byId("hint").textContent = found.hint;
  byId("hint").className = found.isWrong ? "bad" : found.isUsable ? "good" : "";
  input.setAttribute("aria-invalid", String(Boolean(found.isWrong)));
}

function listTasks() {
  const list = byId("tasks");
  list.replaceChildren(
    ...tasks().map((task, index) => {
      const entry = entries[index];
      const state = index === at ? "now" : entry.isDone ? "done" : "";
      const value = entry.reason ? REASONS[entry.reason] : entry.isDone ? entry.value : "";
      const item = make("li", { class: state }, make("span", { class: "name" }, task.label), make("span", { class: "value" }, value));
      item.addEventListener("click", () => moveTo(index));
      return item;
    }),
  );
  list.querySelector(".now")?.scrollIntoView({ block: "nearest" });
}

function keepEntry() {
  if (!entries[at]) return;
  entries[at].seconds += (performance.now() - fieldAt) / 1000;
  fieldAt = performance.now();
  queue.remember(content());
}

function moveTo(index) {
  if (index < 0 || index >= entries.length) return;
  keepEntry();
  at = index;
  tellProblem("");
  draw();
}

/** Whether what is to be decided is on screen: the field's zone, or the page where it is sought. */
function isSeen() {
  const task = tasks()[at];
  return demandPicture(task?.zone ? queue.pictures.isThere(task.zone) : sheet.isSeen);
}

function goOn() {
  if (!isSeen()) return undefined;
  const task = tasks()[at];
  if (!task) return send();
  const entry = entries[at];
  if (!entry.reason) {
    entry.value = input.value;
    const found = check(task, entry.value);
    if (!found.isUsable) {
      const more = entry.value.trim() ? `Corrigez, ou ${told("wrong_on_paper")} si c'est écrit ainsi.` : `Saisissez la valeur, ou ${told("absent")} si rien n'est écrit.`;
      return tellProblem(`${found.hint || "Champ vide"}. ${more}`);
    }
  }
  entry.isDone = true;
  const following = entries.findIndex((one, index) => index > at && !one.isDone);
  const next = following >= 0 ? following : entries.findIndex((one) => !one.isDone);
  if (next < 0) {
    keepEntry();
    return send();
  }
  return moveTo(next);
}

async function send() {
  if (isBusy) return;
  isBusy = true;
  const work = queue.current;
  const fields = work.tasks.map((task, index) => {
    const { value, reason, seconds } = entries[index];
    return { position: task.position, value: reason && reason !== "wrong_on_paper" ? null : value, reason, seconds };
  });
  previous = new Map([...previous, ...work.tasks.map((task, index) => [task.name, entries[index]])]);
  tellStatus("Envoyé");
  await queue.send(`/api/documents/${work.id}/${queueName}`, { fields, seconds: (performance.now() - shownAt) / 1000 }, `${work.title}, ${counted(fields.length, "champ")}`);
}

function giveReason(reason) {
  const entry = entries[at];
  if (!entry || !isSeen()) return;
  entry.value = reason === "wrong_on_paper" ? input.value : "";
  if (reason === "wrong_on_paper" && !entry.value.trim()) {
    tellProblem(`Saisissez d'abord ce qui est écrit, puis ${told("wrong_on_paper")}.`);
    return;
  }
  entry.reason = reason;
  goOn();
}

function copyPrevious() {
  const known = previous.get(tasks()[at]?.name);
  if (!known) {
    tellProblem("Pas encore de valeur précédente pour ce champ.");
    return;
  }
  entries[at].reason = known.reason;
  input.value = known.value;
  fit();
  entries[at].value = known.value;
  hint();
}

async function act(name) {
  if (name === "back") {
    if (!isBusy || !queue.current) await takeBackLast(queue, sentList);
    return;
  }
  if (isBusy || !queue.current || queue.seen.isTwice) return;
  if (name in REASONS) giveReason(name);
  else if (name === "copy") copyPrevious();
  else if (name === "zoom") sheet.zoom();
  else if (name === "pass") {
    const passed = get("/api/types", queue.onWait).then(({ types }) => passOn(queue, types));
    await passed.catch((error) => tellProblem(error.message));
    input.focus();
  }
  else if (name === "rename") {
    isBusy = true;
    await queue.send(`/api/documents/${queue.current.id}/to-naming`, {}, "Mauvais type, à nommer");
  } else if (name === "rescan") {
    const answer = await askRescan();
    if (answer?.reason) {
      isBusy = true;
      await queue.send(`/api/documents/${queue.current.id}/rescan`, { queue: "key", reason: answer.reason, page: sheet.page.number }, "À renumériser");
    } else input.focus();
  }
}

input.addEventListener("input", () => {
  if (!entries[at]) return;
  entries[at].value = input.value;
  entries[at].reason = null;
  entries[at].isDone = false;
  hint();
  queue.remember(content());
});

input.addEventListener("keydown", (event) => {
  if (event.altKey || event.ctrlKey || event.metaKey) return;
  const moves = {
    ArrowDown: () => moveTo(at + 1),
    ArrowUp: () => moveTo(at - 1),
    PageDown: () => (sheet.isLarge ? sheet.scroll(1) : sheet.goTo(sheet.at + 1)),
    PageUp: () => (sheet.isLarge ? sheet.scroll(-1) : sheet.goTo(sheet.at - 1)),
  };
  if (moves[event.key]) {
    event.preventDefault();
    moves[event.key]();
  } else if (event.key === "Enter") {
    event.preventDefault();
    if (!isBusy) goOn();
  }
});

document.addEventListener("keydown", (event) => {
  if (event.target === document.body && !event.altKey && !event.ctrlKey && (event.key.length === 1 || event.key === "Enter")) input.focus();
});

queue.addEventListener("show", ({ detail: { work } }) => {
  isBusy = false;
  shownAt = performance.now();
  begin(work);
  showFacts(work);
  sheet.show(work);
  draw();
  const looks = { 2: ", deuxième saisie", 3: ", arbitrage" };
  const isDispute = isControl && work.tasks.some((task) => task.others.length);
  const look = isControl ? (isDispute ? ", arbitrage d'un contrôle" : ", contrôle à l'aveugle") : (looks[work.key_pass] ?? "");
  tellStatus(`${work.title}${look}, ${counted(work.tasks.length, "champ")} à saisir`);
});

queue.addEventListener("empty", () => {
  isBusy = true;
});

queue.addEventListener("refused", async ({ detail: { work, error } }) => {
  if (work) await queue.recall(work.id).catch(() => {});
  isBusy = !queue.current;
  tellProblem(error.detail ? `${error.message} ${error.detail}` : error.message);
});

const sentList = bind(queue);
bindActs(act, (digit) => retain(digit - 1));
await queue.start();
if (queue.name !== "control") await sentList.start();
