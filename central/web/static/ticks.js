// Counts the ticked deliveries, and ticks all of a page at once; the form works without it.
for (const form of document.querySelectorAll("form[data-ticks]")) {
  const all = form.querySelector("[data-all]");
  const told = form.querySelector("[data-ticked]");
  const ticks = [...form.querySelectorAll('input[type="checkbox"][name^="t:"]')];
  const acts = [...form.querySelectorAll("button[name=acte]")];
  if (!all || !told) continue;
  const show = () => {
    const count = ticks.filter((tick) => tick.checked).length;
    told.textContent = count
      ? `${count} livraison${count > 1 ? "s" : ""} cochée${count > 1 ? "s" : ""}`
      : "Cochez des livraisons pour agir sur elles.";
    all.checked = count === ticks.length;
    all.indeterminate = count > 0 && count < ticks.length;
    for (const act of acts) act.disabled = count === 0;
  };
  all.addEventListener("change", () => {
    for (const tick of ticks) tick.checked = all.checked;
    show();
  });
  form.addEventListener("change", show);
  show();
}
