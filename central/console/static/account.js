// The keyboard of this desk: which one it is, and how acts are pressed.

import { LAYOUTS, PROFILES, choices, choose, told } from "./keys.js";

const shown = document.getElementById("key-shown");
const now = choices();
shown.textContent = told("t");
for (const [name, among] of [["layout", LAYOUTS], ["profile", PROFILES]]) {
  const select = document.getElementById(`key-${name}`);
  for (const [value, text] of Object.entries(among)) select.add(new Option(text, value, false, value === now[name]));
  select.addEventListener("change", () => {
    choose(name, select.value);
    location.reload();
  });
}
document.getElementById("keyboard").hidden = false;
