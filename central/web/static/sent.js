// What somebody decided last, the newest first, and how it is undone; the same on every page.

import { ask } from "./ask.js";
import { counted, get, make, postUntilAnswered } from "./client.js";

const MOST = 3;

export class SentList {
  #list = document.getElementById("sent");
  #entries = [];

  /**
   * @param {(text: string) => void} say tells what did not come back
   * @param {(back: {id: string, queue: string, others: string[]}[], memory: any) => Promise<void>} onBack shows what did
   * @param {(isWaiting: boolean) => void} onWait is told while the centre does not answer
   */
  constructor(say, onBack, onWait) {
    this.say = say;
    this.onBack = onBack;
    this.onWait = onWait;
  }

  /** List what was decided before the page was loaded, below what was decided since. */
  start() {
    this.#started = get("/api/work/sent", this.onWait).then(({ sent }) => {
      const later = this.#entries.reverse().map((entry) => () => this.#put(entry));
      this.#entries = [];
      for (const one of sent.reverse()) this.addTold(one);
      for (const again of later) again();
    });
    return this.#started;
  }

  #started = Promise.resolve();

  /** Add what the centre told. */
  addTold({ document_ids: ids, what, lot_name: lotName, number }) {
    return this.add(ids, what, `${lotName} n° ${number}`);
  }

  /**
   * Add one decision.
   *
   * @param {string[]} ids the documents to name in order to undo it
   * @param {any} memory what the page wants back with them
   */
  add(ids, what, where, memory = null) {
    const several = ids.length > 1 ? ` et ${counted(ids.length - 1, "autre")}` : "";
    const element = make("li", {}, make("span", { class: "what" }, what), make("span", { class: "soft" }, ` · ${where}${several}`));
    const entry = { ids, memory, element, what };
    this.#put(entry);
    return entry;
  }

  #put(entry) {
    this.#entries.unshift(entry);
    this.#list.prepend(entry.element);
    for (const old of this.#entries.splice(MOST)) old.element.remove();
  }

  drop(entry) {
    entry.element.remove();
    this.#entries = this.#entries.filter((one) => one !== entry);
  }

  /** Undo what was decided last. */
  async takeBackLast() {
    await this.#started.catch(() => {});
    const [entry] = this.#entries;
    if (!entry) return this.say("Rien n'a été envoyé d'ici.");
    try {
      return await this.#takeBack(entry);
    } catch (error) {
      return this.say(error.message);
    }
  }

  async #takeBack(entry) {
    let found = await this.#post(entry.ids);
    if (!found.back.length && found.delivered.length) {
      const answer = await askWhyBack(found.delivered.length);
      if (!answer?.reason) return;
      found = await this.#post(found.delivered, answer.reason);
    }
    const later = found.refused.filter((one) => !one.is_over);
    entry.ids = [...found.delivered, ...later.map((one) => one.id)];
    if (!entry.ids.length) this.drop(entry);
    if (found.back.length) await this.onBack(found.back, entry.memory);
    if (found.refused.length) this.say(`« ${entry.what} » : ${(later[0] ?? found.refused[0]).reason}`);
    else if (found.delivered.length) this.say(`${counted(found.delivered.length, "document")} déjà au pôle : reprenez encore pour corriger, avec un motif.`);
  }

  #post(ids, reason = "") {
    return postUntilAnswered("/api/work/take-back", { ids, reason }, this.onWait);
  }
}

/** Ask why something is corrected that its pôle has already. */
function askWhyBack(count) {
  const input = make("input", { id: "back-reason", name: "reason", required: true, maxLength: 200, autocomplete: "off" });
  const label = make("label", {}, "Motif de la correction, lu au pôle");
  label.htmlFor = "back-reason";
  const which = count > 1 ? `Le pôle a déjà ces ${count} documents : ils sont` : "Le pôle a déjà ce document : il est";
  const told = make("p", {}, `${which} à nommer et vérifier de nouveau, puis le pôle ${count > 1 ? "les" : "le"} reçoit une nouvelle fois.`);
  return ask(count > 1 ? "Corriger des documents remis" : "Corriger un document remis", told, label, input);
}
