// The monitoring page: asks for the numbers every few seconds and writes them into the tables.
// Text goes in as text nodes only, so nothing that a file was called can become markup.

const every = Math.max(1, Number(document.body.dataset.every)) * 1000;
const STATES = { waiting: "en attente", claimed: "en cours", dead: "en échec", held: "retenue" };
const CAUSES = { wrong_pole: "mauvais pôle", wrong_type: "mauvais type", unreadable: "illisible", incomplete: "incomplet", duplicate: "doublon", other: "autre" };

function element(name, text, className = "") {
  const made = document.createElement(name);
  made.textContent = text ?? "–";
  if (className) made.className = className;
  return made;
}

function fill(id, rows, empty) {
  const body = document.querySelector(`#${id} tbody`);
  const columns = document.querySelectorAll(`#${id} th`).length;
  const made = rows.map((cells) => {
    const row = document.createElement("tr");
    row.append(...cells.map(([text, className]) => element("td", text, className)));
    return row;
  });
  if (made.length === 0) {
    const row = document.createElement("tr");
    const cell = element("td", empty, "empty");
    cell.colSpan = columns;
    row.append(cell);
    made.push(row);
  }
  body.replaceChildren(...made);
}

function age(text, now) {
  if (!text) return "–";
  const seconds = Math.max(0, (now - new Date(text)) / 1000);
  if (seconds < 90) return `${Math.round(seconds)} s`;
  if (seconds < 5400) return `${Math.round(seconds / 60)} min`;
  if (seconds < 129600) return `${Math.round(seconds / 3600)} h`;
  return `${Math.round(seconds / 86400)} j`;
}

function totals(found, now) {
  const share = found.documents ? Math.round((100 * found.straight) / found.documents) : 0;
  const cards = [
    [found.documents, "documents reçus"],
    [`${share} %`, "sans intervention"],
    [found.delivered, "livrés"],
    [found.to_name, "à nommer"],
    [found.to_key, "à vidéocoder"],
    [found.dead, "en échec", found.dead ? "bad" : "good"],
    [age(found.oldest, now), "attente la plus longue"],
  ];
  document.getElementById("totals").replaceChildren(
    ...cards.map(([value, label, className]) => {
      const card = document.createElement("div");
      card.append(element("strong", String(value), className), element("span", label));
      return card;
    }),
  );
}

function poles(rows) {
  const groups = new Map();
  for (const { site, pole, state, count } of rows) {
    const key = `${site}\n${pole}`;
    const group = groups.get(key) ?? { delivered: 0, to_name: 0, to_key: 0, other: 0 };
    const column = state === "returned" ? "to_name" : state in group ? state : "other";
    group[column] += count;
    groups.set(key, group);
  }
  return [...groups].map(([key, g]) => {
    const [site, pole] = key.split("\n");
    return [[site], [pole], [g.delivered, "n"], [g.to_name, "n"], [g.to_key, "n"], [g.other, "n"]];
  });
}

function show(board) {
  const now = new Date(board.at);
  totals(board.totals, now);
  fill("lots", board.lots.map((lot) => [
    [lot.name], [lot.site], [lot.expected_pages, "n"], [lot.counted_pages, "n"], [lot.stored_pages ?? 0, "n"],
    [lot.documents ?? lot.stored, "n"], [lot.delivered ?? 0, "n good"], [lot.waiting ?? 0, "n"],
    [lot.set_aside_count, lot.set_aside_count ? "n warn" : "n"],
    [lot.doubts.length ? lot.doubts.join(" ; ") : lot.documents === null ? "en cours" : "comptes justes", lot.doubts.length ? "bad" : "good"],
  ]), "Aucun lot reçu.");
  fill("poles", poles(board.poles), "Aucun document.");
  fill("waiting", board.waiting.map((d) => [
    [d.id.slice(-8)], [d.lot_name], [d.type], [(d.state === "returned" ? ["rendu par le pôle"] : d.reasons).join(", ")], [age(d.stored_at, now), "n"],
  ]), "Personne n'est attendu.");
  fill("queue", board.queue.filter((q) => q.state !== "dead").map((q) => [
    [q.destination], [STATES[q.state] ?? q.state], [q.count, "n"], [age(q.oldest, now)],
  ]), "Tout est livré.");
  fill("dead", board.dead.map((d) => [[d.document_id.slice(-8)], [d.destination], [d.attempts, "n"], [d.last_reason, "bad"]]), "Aucun échec.");
  fill("stations", board.stations.map((s) => [
    [s.site], [s.station], [age(s.heartbeat_at, now)], [s.backlog_documents, "n"],
    [Math.round(s.pages_per_minute), "n"], [`${Math.round(s.free_disk_bytes / 1e9)} Go`, "n"],
  ]), "Aucune station ne s'est annoncée.");
  fill("returns", board.returns.map((r) => [[r.destination], [CAUSES[r.cause] ?? r.cause], [r.count, "n"]]), "Aucun retour.");
  document.getElementById("at").textContent = `à jour à ${now.toLocaleTimeString("fr-FR")}`;
}

async function refresh() {
  try {
    const answer = await fetch("/api/board", { cache: "no-store" });
    if (!answer.ok) throw new Error(String(answer.status));
    show(await answer.json());
  } catch {
    document.getElementById("at").textContent = "Le centre ne répond pas. Nouvel essai…";
  }
  setTimeout(refresh, every);
}

refresh();
