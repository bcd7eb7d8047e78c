// The monitoring page: asks for the numbers every few seconds and writes them into the tables.
// Text goes in as text nodes only, so nothing that a file was called can become markup.

import { age, amount, bytes, time } from "./words.js";

const every = Math.max(1, Number(document.body.dataset.every)) * 1000;
const patience = 15_000;
let next = 0;

function element(name, className = "", ...content) {
  const made = document.createElement(name);
  if (className) made.className = className;
  made.append(...content.map((part) => part ?? "–"));
  return made;
}

const text = (value, className = "") => element("td", className, value);
const count = (value, className = "") =>
  element("td", `n ${value ? className : value === 0 ? "zero" : ""}`, value === null ? "–" : amount(value));
const tag = (value, className = "") => element("span", `tag ${className}`, value);

function named(value, className = "name") {
  const cell = text(value, className);
  cell.title = value ?? "";
  return cell;
}

function fill(id, rows, empty) {
  const table = document.getElementById(id);
  table.hidden = rows.length === 0 && empty === "";
  const made = rows.map((cells) => element("tr", "", ...cells));
  if (made.length === 0) {
    const cell = text(empty, "empty");
    cell.colSpan = table.tHead.rows[0].cells.length;
    made.push(element("tr", "", cell));
  }
  table.tBodies[0].replaceChildren(...made);
}

function totals(found, now) {
  const share = found.documents ? Math.round((100 * found.straight) / found.documents) : 0;
  const oldest = found.oldest ? age(found.oldest, now) : "–";
  const cards = [
    [amount(found.documents), "documents en 24 h", ""],
    [amount(found.pages), "pages en 24 h", ""],
    [`${share} %`, "sans intervention", "good"],
    [amount(found.ready), "à livrer", ""],
    [amount(found.to_name), "à nommer", found.to_name ? "warn" : "good"],
    [amount(found.to_key), "à vidéocoder", found.to_key ? "warn" : "good"],
    [amount(found.dead), "livraisons en échec", found.dead ? "bad" : "good"],
    [oldest, "attente maximale", ""],
  ];
  document.getElementById("totals").replaceChildren(
    ...cards.map(([value, label, className]) =>
      element("li", className, element("strong", "", value), element("span", "", label))),
  );
}

function lotNews(lot) {
  const news = lot.disagreements.map((why) => tag(why, "bad"));
  if (lot.state !== "read") news.push(tag(lot.state_text, lot.state === "arriving" ? "" : "warn"));
  if (lot.set_aside) news.push(tag(`${lot.set_aside} mis à part`, "warn"));
  if (lot.dead) news.push(tag(`${lot.dead} en échec`, "bad"));
  if (lot.waiting) news.push(tag(`${lot.waiting} pour une personne`, "warn"));
  const rest = lot.stored_documents - lot.delivered_documents - lot.waiting - lot.dead;
  if (rest > 0) news.push(tag(`${rest} à livrer`));
  return news.length ? news : [tag("tout est livré", "good")];
}

function lots(rows, now) {
  return rows.map((lot) => {
    const differs = (one, other) => (one !== null && other !== null && one !== other ? "differs" : "");
    const centre = lot.stored_pages + (lot.loose_pages ?? 0);
    return [
      named(lot.name), text(lot.site, "short"), text(age(lot.received_at, now), "short"),
      count(lot.announced_pages, differs(lot.announced_pages, lot.found_pages)),
      count(lot.found_pages, differs(lot.found_pages, lot.announced_pages)),
      count(centre, lot.disagreements.length && centre !== lot.found_pages ? "differs" : ""),
      count(lot.delivered_pages),
      element("td", "", ...lotNews(lot)),
    ];
  });
}

function station(found, now) {
  const known = ["program", "plan"].map((part) => found.versions[part]).filter(Boolean);
  const name = element("td", "name", element("b", "", found.site), element("small", "", [found.station, ...known].join(" · ")));
  name.title = Object.entries(found.versions).map(([part, version]) => `${part} : ${version}`).join("\n");
  const seen = found.seen_at ? age(found.seen_at, now) : "jamais";
  const waiting = count(found.backlog_documents);
  waiting.title = bytes(found.backlog_bytes);
  return [
    name, element("td", "n", tag(seen, found.is_silent ? "bad" : "good")), waiting,
    count(found.lots_incomplete, "differs"), count(Math.round(found.pages_per_minute)), text(bytes(found.free_disk_bytes), "n"),
  ];
}

function queueState(row, now) {
  if (row.held) return tag("inconnue", "warn");
  if (row.circuit === "closed" || !row.circuit) return tag("joignable", "good");
  const until = row.open_until && new Date(row.open_until);
  const left = until > now ? age(now, until) : "";
  return tag(row.circuit === "open" && left ? `${row.circuit_text} (${left})` : row.circuit_text, "bad");
}

function show(board) {
  const now = new Date(board.at);
  totals(board.totals, now);
  fill("lots", lots(board.lots, now), "Aucun lot reçu.");
  fill("stations", board.stations.map((found) => station(found, now)), "Aucune station ne s'est annoncée.");
  const all = board.totals.to_name + board.totals.to_key;
  document.getElementById("people-count").textContent =
    all > board.waiting.length ? `les ${board.waiting.length} premiers sur ${amount(all)}` : all ? `${amount(all)}` : "";
  fill("waiting", board.waiting.map((d) => [
    element("td", "short", tag(d.state === "to_name" ? "à nommer" : "à vidéocoder", "warn")),
    text(d.type, "short"), named(d.lot_name), text(d.site, "short"), named(d.reasons.join(", "), "why"), text(age(d.state_at, now), "n"),
  ]), "Aucun document n'attend une personne.");
  fill("queue", board.queue.map((q) => [
    text(q.destination), count(q.waiting), count(q.claimed), count(q.held, "differs"), count(q.dead, "differs"),
    text(age(q.oldest, now), "n"), element("td", "short", queueState(q, now)),
  ]), "Tout est livré.");
  fill("dead", board.dead.map((d) => {
    const cell = text(d.document_id.slice(-12), "short");
    cell.title = d.document_id;
    return [cell, text(d.type, "short"), text(d.destination), count(d.attempts), text(d.last_reason), text(age(d.created_at, now), "n")];
  }), "");
  fill("poles", board.poles.map((p) => [
    text(p.site, "short"), text(p.pole), count(p.received), count(p.delivered), count(p.ready), count(p.to_name),
    count(p.to_key), count(p.dead, "differs"),
  ]), "Aucun document.");
  fill("returns", board.returns.map((r) => [text(r.destination), text(r.cause_text), count(r.count)]), "Aucun retour.");
  state(`à jour à ${time(now)}`, "");
}

function state(words, className) {
  const line = document.getElementById("status");
  if (line.textContent !== words) line.textContent = words;
  line.className = className;
}

async function refresh() {
  try {
    const answer = await fetch("/api/board", { cache: "no-store", signal: AbortSignal.timeout(patience) });
    if (!answer.ok) throw new Error(String(answer.status));
    show(await answer.json());
  } catch (error) {
    console.error(error);
    state("Le centre ne répond pas, nouvel essai…", "lost");
  }
  clearTimeout(next);
  next = setTimeout(refresh, document.hidden ? 10 * every : every);
}

document.addEventListener("visibilitychange", () => document.hidden || refresh());
refresh();
