// Questions that a page asks in its dialogue.

const byId = (id) => document.getElementById(id);

// Enter in a list of choices validates, as it does in a line of text.
byId("ask").addEventListener("keydown", (event) => {
  if (event.key !== "Enter" || !event.target.matches("select")) return;
  event.preventDefault();
  byId("ask").querySelector(".primary").click();
});

export const isAsking = () => byId("ask").open;

/** Ask something in a dialogue; the form's values, or null when it was cancelled. */
export function ask(title, ...content) {
  const dialog = byId("ask");
  byId("ask-title").textContent = title;
  byId("ask-body").replaceChildren(...content);
  dialog.returnValue = "no";
  dialog.showModal();
  byId("ask-body").querySelector("input, select, textarea")?.focus();
  return new Promise((done) => {
    dialog.addEventListener(
      "close",
      () => done(dialog.returnValue === "yes" ? Object.fromEntries(new FormData(dialog.querySelector("form"))) : null),
      { once: true },
    );
  });
}
