// The page pane: one page at a time, fitted or enlarged, with a box drawn where a field stands.

import { make } from "./client.js";
import { hasArrived } from "./pictures.js";
import { largeUrl, pageUrl } from "./queue.js";

const ROLES = { back: "verso", blank: "blanche", separator: "séparateur", replaced: "remplacée", attachment: "pièce jointe" };

/** Say of a picture that it has not come yet, until it has. */
export function awaited(around, image) {
  const note = make("p", { class: "awaited" }, "L'image n'est pas encore arrivée…");
  around.append(note);
  image.addEventListener("arrived", () => note.remove(), { once: true });
}

export class Sheet {
  /** @param {import("./queue.js").Queue} queue whose pictures are shown */
  constructor(queue) {
    this.queue = queue;
    this.pane = document.getElementById("sheet");
    this.bar = document.getElementById("pagebar");
    this.thumbs = document.getElementById("thumbs");
    this.at = 0;
    this.isLarge = false;
    new ResizeObserver(() => this.#fit()).observe(this.pane);
  }

  get page() {
    return this.work.pages[this.at];
  }

  /** Whether the page that is turned to is there to be seen. */
  get isSeen() {
    return this.queue.pictures.isThere(pageUrl(this.page));
  }

  show(work) {
    const isSame = this.work?.id === work.id;
    this.work = work;
    this.box = null;
    this.at = isSame ? Math.min(this.at, work.pages.length - 1) : 0;
    this.isLarge = false;
    this.#listThumbs();
    this.#draw();
  }

  goTo(index) {
    if (index < 0 || index >= this.work.pages.length) return;
    this.at = index;
    this.#draw();
  }

  goToNumber(number, box = null) {
    const index = this.work.pages.findIndex((page) => page.number === number);
    this.box = index >= 0 ? box : null;
    if (index >= 0) this.at = index;
    this.#draw();
  }

  zoom() {
    this.isLarge = !this.isLarge;
    this.#draw();
  }

  scroll(down) {
    this.pane.scrollBy(0, down * this.pane.clientHeight * 0.8);
  }

  #draw() {
    const { page } = this;
    const image = this.queue.pictures.get(this.isLarge ? largeUrl(page) : pageUrl(page));
    image.alt = `Page ${this.at + 1} du document`;
    const frame = make("div", { class: "frame" }, image);
    if (this.box) frame.append(this.#boxed(page));
    if (!hasArrived(image)) awaited(frame, image);
    this.pane.replaceChildren(frame);
    this.pane.classList.toggle("large", this.isLarge);
    this.#fit();
    if (this.box && this.isLarge) frame.querySelector("svg rect").scrollIntoView({ block: "center", inline: "center" });
    const role = ROLES[page.role] ? ` · ${ROLES[page.role]}` : "";
    this.bar.textContent = `Page ${this.at + 1} sur ${this.work.pages.length}${role}`;
    this.thumbs?.querySelectorAll("button").forEach((button, index) => {
      button.toggleAttribute("aria-current", index === this.at);
      if (index === this.at) button.scrollIntoView({ block: "nearest" });
    });
  }

  /** A page keeps its proportions inside the pane; set through the object model, which our policy allows. */
  #fit() {
    const frame = this.pane.firstElementChild;
    if (!frame || !this.work) return;
    const { width_mm: width, height_mm: height } = this.page;
    const ratio = width > 0 && height > 0 ? width / height : 210 / 297;
    const room = { width: this.pane.clientWidth - 2, height: this.pane.clientHeight - 2 };
    const fitted = Math.min(room.width, room.height * ratio);
    frame.style.width = `${this.isLarge ? Math.max(room.width * 1.6, fitted) : fitted}px`;
    frame.style.aspectRatio = String(ratio);
  }

  #boxed(page) {
    const [left, top, width, height] = this.box;
    const ns = "http://www.w3.org/2000/svg";
    const svg = document.createElementNS(ns, "svg");
    svg.setAttribute("viewBox", `0 0 ${page.width_mm} ${page.height_mm}`);
    svg.setAttribute("preserveAspectRatio", "none");
    svg.setAttribute("aria-hidden", "true");
    const rect = document.createElementNS(ns, "rect");
    const told = { x: left - 1.5, y: top - 1.5, width: width + 3, height: height + 3, rx: 1 };
    for (const [name, value] of Object.entries(told)) rect.setAttribute(name, value);
    svg.append(rect);
    return svg;
  }

  #listThumbs() {
    if (!this.thumbs) return;
    const entries = this.work.pages.map((page, index) => {
      const image = make("img", { src: `${page.image}?width=240&v=${page.version}`, alt: "", loading: "lazy" });
      const button = make("button", { type: "button" }, image, make("span", {}, String(index + 1)));
      button.classList.toggle("blank", page.role === "blank" || page.role === "replaced");
      button.setAttribute("aria-label", `Page ${index + 1}`);
      button.addEventListener("click", () => this.goTo(index));
      return make("li", {}, button);
    });
    this.thumbs.replaceChildren(...entries);
  }
}
