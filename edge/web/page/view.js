// What is known, put into the page. Text only ever goes in as text.

import { colour } from "./chart.js";

export const $ = (id) => document.getElementById(id);
const percent = (share) => `${Math.round(share * 100)} %`;
export const FRESH = ["live", "asleep"];
const PICTURE = {
  dark: "The picture is too dark to trust the answers.", black: "The picture is black. Is the lens covered?",
  frozen: "The picture is frozen: the camera repeats it.",
};

const WHY = {
  connecting: "Waiting for the first picture", stale: "No fresh picture", lost: "The camera is lost, trying again",
  ended: "The end", "no contact": "No contact with the runner, trying again",
};

export function element(tag, text = "", fields = {}) {
  return Object.assign(document.createElement(tag), { textContent: text }, fields);
}

// Where labels stand in the model, for their colours.
export function labelled(model) {
  return model.labels.map((name, place) => ({ name, rest: name === model.fallback, place: name === model.fallback ? "rest" : place }));
}

export function showVerdict(source, labels) {
  const told = source.verdict, label = labels.find((one) => one.name === told?.label);
  $("verdict").textContent = told ? told.label : "–";
  $("verdict").style.color = label && !label.rest && FRESH.includes(document.body.dataset.state) ? colour(label.place) : "";
  $("share").textContent = told ? percent(told.probability) : "";
  $("note").textContent = PICTURE[source.picture] || "";
  $("note").hidden = !PICTURE[source.picture];
}

let said = "";
// Screen readers hear of a change once, not of each percent.
export function sayVerdict(source, state) {
  const words = FRESH.includes(state) ? `${source.source}: ${source.verdict?.label ?? "no answer"}` : `${source.source}: ${state}`;
  if (words !== said) $("said").textContent = said = words;
  $("video").setAttribute("aria-label", source.frame ? `Picture of ${words}` : "No picture yet");
}

export function showState(state, source) {
  document.body.dataset.state = state;
  if ($("state").textContent !== state) $("state").textContent = state;
  const seconds = Math.round((source?.age_ms ?? 0) / 1000);
  $("veil").hidden = FRESH.includes(state);
  const old = source?.frame && seconds && state !== "no contact" ? `, for ${seconds} s` : "";
  const words = `${WHY[state] ?? state}${old}`;
  if ($("veil").textContent !== words) $("veil").textContent = words;
}

export function showBars(source, labels) {
  const bars = $("bars");
  if (bars.children.length !== labels.length || bars.firstChild?.firstChild.textContent !== labels[0].name) {
    bars.replaceChildren(...labels.map(({ name, place }) => {
      const row = element("div", "", { className: "bar" }), track = element("i"), fill = element("span");
      fill.style.background = `var(${place === "rest" ? "--rest" : `--c${place % 6}`})`;
      track.append(fill);
      row.append(element("b", name), track, element("em"));
      return row;
    }));
  }
  labels.forEach(({ name }, index) => {
    const row = bars.children[index], share = source.smoothed[name] ?? 0;
    row.querySelector("span").style.transform = `scaleX(${share})`;
    row.querySelector("em").textContent = source.frame ? percent(share) : "–";
  });
}

export function showFacts(source, state) {
  const rows = [
    ["Rate", source.rate ? `${source.rate.toFixed(1)} /s` : "–"],
    ["Latency", source.latency_ms === null ? "–" : `${source.latency_ms.toFixed(1)} ms`],
    ["Age of the answer", source.frame ? age(source.age_ms) : "–"],
    ["Dropped", `${source.dropped}`],
    ...(state.temperature_c === null ? [] : [["Temperature", `${state.temperature_c.toFixed(0)} °C`]]),
    ["Model", `${state.model.name} (${state.model.variant})`],
  ];
  const list = $("facts");
  if (list.children.length !== rows.length + 1) {
    list.replaceChildren(...rows.map(() => pair()), pair("wide"));
    list.lastChild.firstChild.textContent = "Digest of the model file";
    list.lastChild.lastChild.append(element("code", state.model.sha256));
  }
  rows.forEach(([name, value], index) => {
    const [term, said] = list.children[index].children;
    if (term.textContent !== name) term.textContent = name;
    if (said.textContent !== value) said.textContent = value;
  });
  const digest = list.lastChild.querySelector("code");
  if (digest.textContent !== state.model.sha256) digest.textContent = state.model.sha256;
}

function pair(className = "") {
  const row = element("div", "", { className });
  row.append(element("dt"), element("dd"));
  return row;
}

const age = (ms) => ms < 1000 ? `${Math.round(ms)} ms` : `${(ms / 1000).toFixed(ms < 10_000 ? 1 : 0)} s`;

export function showSources(sources, chosen, choose) {
  const box = $("sources");
  box.hidden = sources.length < 2;
  while (box.querySelectorAll("label").length < sources.length) {
    const label = element("label"), stream = box.querySelectorAll("label").length;
    const input = element("input", "", { type: "radio", name: "source", checked: stream === chosen });
    input.addEventListener("change", () => choose(stream));
    label.append(input, element("span"), element("small"));
    box.append(label);
  }
  box.querySelectorAll("label").forEach((label, stream) => {
    const source = sources[stream], fresh = FRESH.includes(source.state);
    label.children[1].textContent = source.source;
    label.children[2].textContent = fresh ? source.verdict?.label ?? "" : source.state;
  });
}

export function showVisits(visits, several) {
  $("nobody").hidden = visits.length > 0;
  $("visits").hidden = !visits.length;
  $("visits").replaceChildren(...visits.map((visit) => {
    const item = element("li"), time = new Date(visit.began ?? visit.time).toLocaleTimeString([], { hour: "2-digit", minute: "2-digit" });
    const picture = element(visit.picture ? "a" : "div", "", visit.picture ? { href: visit.picture, target: "_blank", rel: "noopener" } : { className: "blank" });
    if (visit.picture) picture.append(element("img", "", { src: visit.picture, loading: "lazy", alt: `${visit.label}, best picture of the visit` }));
    item.append(picture, element("b", visit.label), element("small", `${time}, ${duration(visit.duration_s)}${several ? `, ${visit.source}` : ""}`));
    return item;
  }));
}

const duration = (seconds) => seconds < 90 ? `${Math.round(seconds)} s` : `${Math.round(seconds / 60)} min`;
