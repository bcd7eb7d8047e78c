// One person's work in a queue: the document that is shown, and the next, loaded already.

import { Refused, post, postUntilAnswered, underWay } from "./client.js";
import { Pictures } from "./pictures.js";
import { Seen } from "./seen.js";

const PAGE_WIDTH = 900;
const LARGE_WIDTH = 1400;
const LOOK_AGAIN_MS = 4000;
const DRAFT_AFTER_MS = 300;

export const pageUrl = (page, width = PAGE_WIDTH) => `${page.image}?width=${width}&v=${page.version}`;
export const largeUrl = (page) => pageUrl(page, LARGE_WIDTH);

export class Queue extends EventTarget {
  /**
   * @param {string} name of the queue: "name", "key" or "control"
   * @param {number} keepEveryS how often the centre is told that the page is still open
   * @param {(work: object) => string[]} urlsOf what to load ahead of a document
   */
  constructor(name, keepEveryS, urlsOf) {
    super();
    this.name = name;
    this.pictures = new Pictures();
    this.seen = new Seen();
    this.current = null;
    this.sent = 0;
    this.#urlsOf = urlsOf;
    setInterval(() => this.#keep(), keepEveryS * 1000);
    window.addEventListener("pagehide", () => this.#leave());
  }

  /** Tells whether the centre is waited for. */
  onWait = (isWaiting) => this.#tell("link", { isWaiting });

  #urlsOf;
  #next = null;
  #nextId = "";
  #pending = new Map();
  #draftTimer = 0;
  #looking = 0;
  #leaving = 0; // acts under way that end with another document, or the same one anew, being shown

  /** Show the first document, or the one that the address names. */
  async start() {
    const id = new URLSearchParams(location.search).get("id") ?? "";
    await this.#show(this.#take(id));
  }

  /**
   * Send what was decided of the shown document and show the next at once. What the centre refuses
   * brings the document back, with the reason.
   *
   * @param {string} what was decided, as the page tells it
   */
  async send(path, body, what) {
    const work = this.current;
    this.#leaving += 1;
    performance.mark("sent");
    this.seen.away();
    this.#tell("sending", { work, what });
    this.#cancelDraft();
    await this.settled();
    this.#pending.set(work.id, work);
    const answer = postUntilAnswered(path, body, this.onWait)
      .then((told) => {
        this.#pending.delete(work.id);
        underWay.drop(`${this.name} ${work.id}`);
        this.sent += 1;
        this.#tell("sent", { work, told });
      })
      .catch((error) => {
        this.#pending.delete(work.id);
        this.#tell("refused", { work, error });
      });
    this.#last = answer;
    const shown = this.#show(this.#ahead());
    this.#leaving -= 1;
    await shown;
  }

  #last = Promise.resolve();

  /** At most one answer is awaited: who is faster than the link waits for it. */
  async settled() {
    await this.#last;
  }

  /** Do something to the shown document that answers how it is now; null: it is done with. */
  async act(path, body) {
    this.#leaving += 1;
    this.seen.away();
    let told;
    try {
      told = await postUntilAnswered(path, body, this.onWait);
    } catch (error) {
      this.seen.put();
      throw error;
    } finally {
      this.#leaving -= 1;
    }
    if (told.sent) this.#tell("decided", { sent: told.sent });
    this.forget(told.others);
    if (told.work) await this.#show(Promise.resolve(told.work), true);
    else await this.#show(this.#ahead());
  }

  /** Others of these documents have changed: none is shown as it was loaded ahead. */
  forget(ids) {
    if (!ids.includes(this.#nextId)) return;
    this.#next = null;
    this.#nextId = "";
  }

  /** Show one document again, with what was typed. */
  async recall(id) {
    this.seen.away();
    await this.#show(this.#take(id));
  }

  /** Remember what was typed; soon, and not more often than the link likes. */
  remember(content) {
    clearTimeout(this.#draftTimer);
    const id = this.current.id;
    const draft = { queue: this.name, content };
    this.#unsaved = { id, draft };
    underWay.keep(`${this.name} ${id}`, content);
    this.#draftTimer = setTimeout(async () => {
      this.#draftTimer = 0;
      try {
        await post(`/api/documents/${id}/draft`, draft);
        if (this.#unsaved?.draft === draft) this.#forgetUnsaved();
        this.#tell("remembered", {});
      } catch (error) {
        if (error instanceof Refused && error.status < 500) return;
        this.#tell("link", { isWaiting: true });
        if (this.current?.id === id) this.remember(content);
      }
    }, DRAFT_AFTER_MS);
  }

  #unsaved = null;

  #cancelDraft() {
    clearTimeout(this.#draftTimer);
    this.#unsaved = null;
  }

  #forgetUnsaved() {
    if (this.#unsaved) underWay.drop(`${this.name} ${this.#unsaved.id}`);
    this.#unsaved = null;
  }

  async #take(id = "", ahead = false, byItself = false) {
    const besides = [this.current?.id, ...this.#pending.keys(), this.#nextId].filter(Boolean);
    const body = id ? { queue: this.name, id } : { queue: this.name, besides, ahead };
    const { work } = await postUntilAnswered("/api/work/take", body, this.onWait, { byItself });
    const typed = work && underWay.find(`${this.name} ${work.id}`);
    if (typed) work.draft = typed;
    if (work) for (const url of this.#urlsOf(work)) this.pictures.get(url);
    return work;
  }

  #ahead() {
    const next = this.#next ?? this.#take();
    this.#next = null;
    return next;
  }

  async #show(coming, isSame = false) {
    clearTimeout(this.#looking);
    this.#leaving += 1;
    let work;
    try {
      work = await coming;
    } catch (error) {
      if (error.status === 401) return this.#tell("signedout", {});
      this.#tell("refused", { work: null, error });
      work = null;
    } finally {
      this.#leaving -= 1;
    }
    this.current = work;
    this.#nextId = isSame ? this.#nextId : "";
    if (!work) {
      this.#tell("empty", {});
      this.seen.nothing();
      this.#looking = setTimeout(() => this.#show(this.#take("", false, true)), LOOK_AGAIN_MS);
      return undefined;
    }
    const urls = this.#urlsOf(work);
    this.seen.away();
    await this.pictures.waitFor(urls[0]);
    this.#tell("show", { work });
    this.seen.put();
    requestAnimationFrame(() =>
      requestAnimationFrame(() => {
        if (performance.getEntriesByName("sent").length) {
          performance.measure("next", "sent");
          performance.clearMarks("sent");
        }
      }),
    );
    this.#keep();
    if (!this.#next) this.#fetchAhead(work);
    return undefined;
  }

  #fetchAhead(work) {
    this.#next = this.#take("", true).then(
      (next) => {
        this.#nextId = next?.id ?? "";
        this.pictures.keepOnly(new Set([...this.#urlsOf(work), ...(next ? this.#urlsOf(next) : [])]));
        if (!next) this.#next = null;
        return next;
      },
      () => {
        this.#next = null;
        return null;
      },
    );
  }

  #held() {
    return [this.current?.id, this.#nextId, ...this.#pending.keys()].filter(Boolean);
  }

  async #keep() {
    const ids = this.#held();
    const work = this.current;
    if (!ids.length) return;
    try {
      const { kept } = await post("/api/work/keep", { ids, shown: work?.id ?? "" }, { byItself: true });
      this.#tell("link", { isWaiting: false });
      // One that is being left may be theirs no more because it was sent; the next one is on its way.
      const isLeft = this.#leaving > 0 || this.current !== work || this.#pending.has(work?.id);
      if (work && !isLeft && !kept.includes(work.id)) {
        this.seen.away();
        await this.#show(this.#ahead()); // somebody who had nothing to do has taken it
        this.#tell("lost", { work });
      }
    } catch (error) {
      if (error instanceof Refused && error.status === 401) this.#tell("signedout", {});
      else this.#tell("link", { isWaiting: true });
    }
  }

  #leave() {
    const ids = [this.#nextId].filter(Boolean);
    if (this.#unsaved) {
      const { id, draft } = this.#unsaved;
      post(`/api/documents/${id}/draft`, draft, { keepalive: true }).catch(() => {});
    }
    if (ids.length) post("/api/work/leave", { ids }, { keepalive: true }).catch(() => {});
  }

  #tell(type, detail) {
    this.dispatchEvent(new CustomEvent(type, { detail }));
  }
}
