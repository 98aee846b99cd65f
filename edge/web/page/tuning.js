// Sliders: they act at once, and show the words of the command line that make them permanent.

import { ask } from "./contact.js";
import { $, element } from "./view.js";

export async function begin() {
  const { knobs, error } = await ask("/api/tuning");
  if (error) return; // said by the state
  $("knobs").replaceChildren(...knobs.map(slider));
  $("tuning").hidden = !knobs.length;
  flags();
}

function slider(knob) {
  const box = element("div", "", { knob }), label = element("label", "", { htmlFor: `knob ${knob.name}` });
  const input = element("input", "", { id: `knob ${knob.name}`, type: "range", min: knob.least, max: knob.most, step: 0.01, value: knob.value });
  const value = element("output", knob.value.toFixed(2));
  label.append(element("span", capital(knob.text)), value);
  box.append(label, input);
  let sending = Promise.resolve(), wanted = null;
  input.addEventListener("input", () => {
    value.textContent = (+input.value).toFixed(2);
    const idle = wanted === null;
    wanted = +input.value;
    if (idle) sending = sending.then(send);
  });
  const send = async () => {
    while (wanted !== null) {
      const asked = wanted, told = await ask("/api/tuning", { name: knob.name, value: asked });
      if (!told.error) { box.knob = told; flags(); }
      if (wanted === asked) wanted = null;
    }
  };
  return box;
}

function flags() {
  const turned = [...$("knobs").children].map((box) => box.knob).filter((knob) => knob.value !== knob.default);
  $("flags").hidden = !turned.length;
  $("flags").replaceChildren("To keep them, start it with ", element("code", turned.map((knob) => knob.flag).join(" ")));
}

const capital = (text) => text[0].toUpperCase() + text.slice(1);
