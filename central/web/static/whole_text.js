// A text that is confirmed is seen to its end: its field grows with it and never holds a line's end.

/** Let a textarea be as high as its text; call what is returned after its value was set. */
export function grow(area) {
  const fit = () => {
    area.style.height = "auto";
    area.style.height = `${area.scrollHeight + area.offsetHeight - area.clientHeight}px`;
  };
  area.addEventListener("input", () => {
    if (area.value.includes("\n")) area.value = area.value.replace(/\s*\n\s*/g, " "); // pasted
    fit();
  });
  return fit;
}
