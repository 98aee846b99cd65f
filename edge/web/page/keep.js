// Buttons that keep the frame of now for the next training, as one of the model's classes or of another.

import { ask } from "./contact.js";
import { $, element } from "./view.js";

export function show(labels, stream) {
  const box = $("keep"), names = labels.map(({ name }) => name).join("\n");
  box.hidden = false;
  if (box.dataset.names === names) return;
  box.dataset.names = names;
  const said = element("span", "", { className: "note" });
  said.setAttribute("role", "status");
  const other = element("button", "other …", { type: "button" });
  other.addEventListener("click", () => {
    const name = prompt("What does it show?");
    if (name) keep(name, stream(), said);
  });
  box.replaceChildren(element("span", "Keep as", { className: "note" }), ...labels.map(({ name }) => {
    const button = element("button", name, { type: "button" });
    button.addEventListener("click", () => keep(name, stream(), said));
    return button;
  }), other, said);
}

async function keep(label, source, said) {
  said.textContent = "…";
  const { kept, error } = await ask("/api/keep", { label, source });
  said.textContent = error ? `not kept: ${error}` : `kept as ${kept}`;
}
