// A document's page: a field and its box on the image light up together.

const boxes = new Map();
for (const box of document.querySelectorAll(".sheet [data-field]")) boxes.set(box.dataset.field, box);

function light(field, on) {
  boxes.get(field)?.classList.toggle("lit", on);
  document.querySelector(`tr[data-field="${field}"]`)?.classList.toggle("lit", on);
}

for (const row of document.querySelectorAll("tr[data-field]")) {
  const { field } = row.dataset;
  row.addEventListener("pointerenter", () => light(field, true));
  row.addEventListener("pointerleave", () => light(field, false));
  row.addEventListener("focusin", () => light(field, true));
  row.addEventListener("focusout", () => light(field, false));
}

for (const box of boxes.values()) {
  const { field } = box.dataset;
  box.addEventListener("pointerenter", () => light(field, true));
  box.addEventListener("pointerleave", () => light(field, false));
}

for (const button of document.querySelectorAll("button[data-show]")) {
  button.addEventListener("click", () => {
    const box = boxes.get(button.dataset.show);
    box?.scrollIntoView({ block: "center", behavior: "instant" });
  });
}
