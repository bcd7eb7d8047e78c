// What the naming and keying pages share around the document: facts, notes, messages, questions.

import { ask, isAsking } from "./ask.js";
import { make, post } from "./client.js";
import { isFor, listen, mark } from "./keys.js";
import { SentList } from "./sent.js";

const byId = (id) => document.getElementById(id);
const isoDay = (text) => text?.replace(/^(\d{4})-(\d{2})-(\d{2}).*$/, "$3/$2/$1") ?? "";

export function bind(queue) {
  const sentList = sentListOf(queue);
  queue.addEventListener("link", ({ detail }) => {
    byId("link").hidden = !detail.isWaiting;
  });
  queue.addEventListener("lost", () => tellProblem("Le document précédent est passé à une autre personne ; voici le suivant."));
  queue.addEventListener("signedout", () => location.reload());
  queue.addEventListener("empty", () => {
    byId("desk").hidden = true;
    byId("empty").hidden = false;
    byId("empty").after(byId("sent")); // what can be undone stays on screen
    byId("facts").textContent = "";
  });
  queue.addEventListener("sent", ({ detail: { told } }) => {
    if (told?.round > 1) tellStatus(`Valeur corrigée : le pôle reçoit le document une ${told.round}e fois.`);
    byId("count").textContent = `${queue.sent} document${queue.sent > 1 ? "s" : ""} depuis l'ouverture de la page`;
  });
  return sentList;
}

/** What was decided of a queue's documents; what is undone is on screen again. */
function sentListOf(queue) {
  const onBack = async (back) => {
    const [first] = back;
    if (first.queue !== queue.name) return location.assign(`${first.queue === "name" ? "/nommer" : "/videocoder"}?id=${first.id}`);
    queue.forget(back.flatMap((one) => one.others));
    await queue.recall(first.id);
    return tellStatus("Repris : le document est de nouveau à l'écran.");
  };
  const list = new SentList((text) => queue.seen.tell(text), onBack, queue.onWait);
  const underWay = new Map();
  queue.addEventListener("sending", ({ detail: { work, what } }) => {
    const entry = list.add([work.id], what, `${work.lot_name} n° ${work.position + 1}`);
    entry.element.className = "under-way";
    underWay.set(work.id, entry);
  });
  queue.addEventListener("sent", ({ detail: { work } }) => {
    underWay.get(work.id)?.element.classList.remove("under-way");
    underWay.delete(work.id);
  });
  queue.addEventListener("refused", ({ detail: { work } }) => {
    if (work && underWay.has(work.id)) list.drop(underWay.get(work.id));
  });
  queue.addEventListener("decided", ({ detail: { sent } }) => list.addTold(sent));
  return list;
}

/** Undo what was decided last, once the centre has answered for it. */
export async function takeBackLast(queue, list) {
  await queue.settled();
  await list.takeBackLast();
}

/** Whether an image is on screen; says so when it is not: what nobody sees, nobody decides. */
export function demandPicture(isThere) {
  if (!isThere) tellProblem("L'image n'est pas arrivée : rien n'a été retenu. Elle est redemandée ; sans elle, faites renumériser.");
  return isThere;
}

/** Say what the document is, where it comes from, and what others noted. */
export function showFacts(work) {
  byId("desk").hidden = false;
  byId("empty").hidden = true;
  document.querySelector(".panel").append(byId("sent"));
  tellProblem("");
  const today = new Date().toISOString().slice(0, 10);
  const isLate = work.due_on && work.due_on < today;
  byId("facts").replaceChildren(
    ...(work.tasks ? [make("strong", { class: "form" }, work.title), " · "] : []),
    make("span", {}, work.lot_name),
    ` · n° ${work.position + 1} · ${work.site} · reçu le ${isoDay(work.received_on)}`,
    ...(work.due_on ? [" · ", make("span", { class: isLate ? "tag bad" : "tag" }, `${isLate ? "en retard, échéance" : "échéance"} ${isoDay(work.due_on)}`)] : []),
    ...(work.priority > 0 ? [make("span", { class: "tag warn" }, "urgent")] : []),
  );
  const notes = [];
  if (work.returned) {
    const comment = work.returned.comment ? ` : « ${work.returned.comment} »` : "";
    notes.push(make("li", { class: "alert warn" }, `Rendu par ${work.returned.destination} (${work.returned.cause})${comment}`));
  }
  if (work.rescan) {
    const told = work.rescan.state === "answered" ? "Renumérisé à votre demande" : `Renumérisation impossible : ${work.rescan.answer}`;
    notes.push(make("li", { class: "alert" }, `${told} (demande : ${work.rescan.reason})`));
  }
  for (const one of work.remarks) {
    const said = one.text ? ` : « ${one.text} »` : "";
    notes.push(make("li", { class: "alert" }, `${one.what} par ${one.by}, ${one.at}${said}`));
  }
  if (work.reasons.length) {
    notes.push(make("li", { class: "why" }, ...work.reasons.map((reason) => make("span", { class: "tag warn" }, reason))));
  }
  byId("notes").replaceChildren(...notes);
}

export function tellProblem(text) {
  byId("problem").hidden = !text;
  byId("problem").textContent = text;
}

export function tellStatus(text) {
  byId("status").textContent = text;
}

/** A letter presses the button that shows it; what no button shows is left to the browser. */
export function bindActs(act, onDigit = () => false) {
  const buttons = [...byId("acts").querySelectorAll("button")];
  for (const button of buttons) button.addEventListener("click", () => act(button.dataset.act));
  mark();
  listen(
    (sign) => {
      if (/\d/.test(sign)) return onDigit(Number(sign));
      const wanted = buttons.find((button) => isFor(sign, button.dataset.key) && !button.disabled);
      if (wanted) act(wanted.dataset.act);
      return Boolean(wanted);
    },
    () => !isAsking(),
  );
}

const WAYS = {
  give_back: "Rendre à la file, pour quelqu'un d'autre",
  skip: "Passer, avec un motif",
  colleague: "À un collègue",
  skill: "À qui traite un type",
  supervisor: "À l'encadrement",
};

function choice(id, name, text, options) {
  const select = make("select", { id, name }, ...options.map(([value, told]) => make("option", { value }, told)));
  const label = make("label", {}, text);
  label.htmlFor = id;
  return make("div", { class: "stack" }, label, select);
}

/** Ask where a document goes that its keyer does not finish, and what they say of it. */
export async function askPassOn(queue, types) {
  const { colleagues } = await post(`/api/documents/${queue.current.id}/receivers`, { queue: queue.name });
  const ways = Object.entries(WAYS).filter(([way]) => way !== "colleague" || colleagues.length);
  const way = choice("pass-way", "way", "Ce document", ways);
  const person = choice("pass-person", "person", "Collègue", colleagues.map((one) => [one.id, one.name]));
  const skill = choice("pass-skill", "skill", "Type", types.map((one) => [one.code, one.title]));
  const remark = make("input", { id: "pass-remark", name: "remark", maxLength: 500, autocomplete: "off" });
  const label = make("label", {}, "Remarque, lue par la personne suivante");
  label.htmlFor = "pass-remark";
  const show = () => {
    const { value } = way.querySelector("select");
    person.hidden = value !== "colleague";
    skill.hidden = value !== "skill";
    remark.required = value !== "give_back";
  };
  way.addEventListener("change", show);
  show();
  const answer = await ask("Transmettre ce document", way, person, skill, label, remark);
  if (!answer?.way) return null;
  const told = { queue: queue.name, way: answer.way, remark: answer.remark };
  if (answer.way === "colleague") told.person = Number(answer.person);
  if (answer.way === "skill") told.skill = answer.skill;
  return told;
}

/** Pass the shown document on; whether it went. */
export async function passOn(queue, types) {
  queue.seen.away(); // until the question is there, keys decide nothing
  const told = await askPassOn(queue, types).finally(() => queue.seen.put());
  if (told) await queue.send(`/api/documents/${queue.current.id}/pass-on`, told, WAYS[told.way].split(",")[0]);
  return Boolean(told);
}

/** Ask why a document must be scanned again. */
export function askRescan() {
  const reasons = ["Image floue ou illisible", "Page coupée ou pliée", "Page manquante", "Recto ou verso manquant", "Trop clair ou trop foncé"];
  const options = reasons.map((reason) => make("option", { value: reason }));
  const list = make("datalist", { id: "rescan-reasons" }, ...options);
  const input = make("input", { id: "rescan-reason", name: "reason", required: true, maxLength: 200, autocomplete: "off" });
  input.setAttribute("list", "rescan-reasons");
  const label = make("label", {}, "Motif, lu par l'opérateur du site");
  label.htmlFor = "rescan-reason";
  return ask("Demander une nouvelle numérisation", label, input, list);
}
