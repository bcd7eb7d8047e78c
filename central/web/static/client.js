// What pages ask of the centre: JSON with the session's token, tried again while the link is away.

const csrf = document.body.dataset.csrf;
const PAUSES_MS = [300, 700, 1500, 3000, 5000];

export class Refused extends Error {
  constructor(status, reason, detail) {
    super(reason);
    this.status = status;
    this.detail = detail;
  }
}

/** One POST; throws Refused for what the centre refuses, TypeError while it cannot be reached. */
export async function post(path, body, { keepalive = false, byItself = false } = {}) {
  const answer = await fetch(path, {
    method: "POST",
    keepalive,
    headers: { "Content-Type": "application/json", "X-CSRF": csrf, ...(byItself ? { "X-By-Itself": "1" } : {}) },
    body: JSON.stringify(body),
  });
  return read(answer);
}

/** Ask until the centre has answered: a page that is opened while it restarts comes all the same. */
export function get(path, onWait) {
  return untilAnswered(async () => read(await fetch(path)), onWait);
}

async function read(answer) {
  const told = await answer.json().catch(() => ({}));
  if (answer.ok) return told;
  throw new Refused(answer.status, told.reason ?? "Le centre ne répond pas comme prévu.", told.detail ?? "");
}

/** Post until the centre has answered; `onWait` is told while it does not. */
export function postUntilAnswered(path, body, onWait, options = {}) {
  return untilAnswered(() => post(path, body, options), onWait);
}

async function untilAnswered(ask, onWait = () => {}) {
  for (let tries = 0; ; tries += 1) {
    try {
      const told = await ask();
      onWait(false);
      return told;
    } catch (error) {
      const isRefused = error instanceof Refused && error.status < 500 && error.status !== 429;
      if (isRefused) {
        onWait(false);
        throw error;
      }
      onWait(true);
      await new Promise((done) => setTimeout(done, PAUSES_MS[Math.min(tries, PAUSES_MS.length - 1)]));
    }
  }
}

/** « 1 document », « 4 documents »: each word takes its plural. */
export function counted(count, words) {
  const said = count < 2 ? words : words.split(" ").map((word) => (/[sxz]$/.test(word) ? word : `${word}s`)).join(" ");
  return `${count} ${said}`;
}

/** Make an element; text goes in as text, never as markup. */
export function make(tag, options = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(options)) {
    if (name === "class") element.className = value;
    else if (name in element && name !== "list") element[name] = value;
    else element.setAttribute(name, value);
  }
  element.append(...children.filter((child) => child !== null && child !== undefined));
  return element;
}

const mine = `${document.body.dataset.person} `;
for (const key of Object.keys(sessionStorage)) {
  if (!key.startsWith(mine)) sessionStorage.removeItem(key); // of who used this tab before
}

/**
 * What was typed and is on its way to the centre, for a page that is loaded again before it is
 * there. It lives in this tab alone, for this person, and only until the centre has it.
 */
export const underWay = {
  keep: (key, value) => sessionStorage.setItem(mine + key, JSON.stringify(value)),
  drop: (key) => sessionStorage.removeItem(mine + key),
  find: (key) => JSON.parse(sessionStorage.getItem(mine + key) ?? "null"),
};
