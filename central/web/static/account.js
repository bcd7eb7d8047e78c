// The keyboard of this desk: which one it is, and how acts are pressed; letters of commands.

import { LAYOUTS, PROFILES, choices, choose, letterOf, told } from "./keys.js";

const shown = document.getElementById("key-shown");
const now = choices();
shown.textContent = told("turn");
for (const [name, among] of [["layout", LAYOUTS], ["profile", PROFILES]]) {
  const select = document.getElementById(`key-${name}`);
  for (const [value, text] of Object.entries(among)) select.add(new Option(text, value, false, value === now[name]));
  select.addEventListener("change", () => {
    choose(name, select.value);
    location.reload();
  });
}
document.getElementById("keyboard").hidden = false;

// A letter is chosen by its key: by what it means or where it lies, as when it is pressed for the command.
for (const input of document.querySelectorAll("#letters input[maxlength]")) {
  input.addEventListener("focus", () => input.select());
  input.addEventListener("keydown", (event) => {
    const letter = event.ctrlKey || event.metaKey || event.key === "Tab" ? "" : letterOf(event);
    if (!letter) return;
    event.preventDefault();
    input.value = letter.toUpperCase();
    input.select();
  });
}
