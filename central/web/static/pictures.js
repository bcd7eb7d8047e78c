// Images by address, loaded and decoded ahead; what has not arrived is asked for again.

const AGAIN_AFTER_MS = 1500;
const WAITED_FOR_MS = 2500;

/** Whether an image is there to be seen. */
export const hasArrived = (image) => Boolean(image?.complete && image.naturalWidth > 0);

/** Load an image until it is there, for as long as somebody still wants it. */
export async function loadUntilThere(image, url, isWanted) {
  while (isWanted()) {
    image.src = url;
    try {
      await image.decode();
      image.dispatchEvent(new CustomEvent("arrived"));
      return;
    } catch {
      await new Promise((done) => setTimeout(done, AGAIN_AFTER_MS));
    }
  }
}

/** The same element is loaded ahead and shown, so nothing loads twice. */
export class Pictures {
  #known = new Map();

  get(url) {
    let image = this.#known.get(url);
    if (!image) {
      image = new Image();
      image.alt = "";
      image.decoding = "sync";
      this.#known.set(url, image);
      image.ready = loadUntilThere(image, url, () => this.#known.get(url) === image);
    }
    return image;
  }

  /** Wait for one, not for ever: a page whose picture does not come is still to be dealt with. */
  async waitFor(url) {
    await Promise.race([this.get(url).ready, new Promise((done) => setTimeout(done, WAITED_FOR_MS))]);
  }

  isThere(url) {
    return hasArrived(this.#known.get(url));
  }

  keepOnly(urls) {
    for (const url of this.#known.keys()) if (!urls.has(url)) this.#known.delete(url);
  }
}
