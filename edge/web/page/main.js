// The page: hears what is known, shows it, and never takes an old picture for one of now.

import { Chart } from "./chart.js";
import { ask, listen } from "./contact.js";
import * as heat from "./heat.js";
import * as keep from "./keep.js";
import { watch } from "./stream.js";
import * as tuning from "./tuning.js";
import { $, labelled, sayVerdict, showBars, showFacts, showSources, showState, showVerdict, showVisits, FRESH } from "./view.js";

const PATIENCE_MS = 1000; // of this page, beyond the server's: a network may stutter
let stream = 0, why = false, known = null, contact = false, shownAt = 0, live = false, labels = [];

const chart = new Chart($("chart"));
const video = $("video"), pen = video.getContext("2d");

const again = watch(() => `/stream.mjpg?source=${stream}`, (bitmap, about) => {
  if (video.width !== bitmap.width || video.height !== bitmap.height) [video.width, video.height] = [bitmap.width, bitmap.height];
  if (about.live || !shownAt) pen.drawImage(bitmap, 0, 0); // a dark one has words in it: the page has its own
  video.dataset.frame = about.number;
  [shownAt, live] = [performance.now(), about.live];
  refresh();
});

const reopen = listen(() => why ? `/api/events?map=1&source=${stream}` : "/api/events", (kind, fields) => {
  if (kind === "happened") return visits();
  if (kind === "map") return why && fields.stream === stream ? heat.draw($("heat"), video, fields) : undefined;
  const first = !known || known.model.sha256 !== fields.model.sha256;
  known = fields;
  chart.ahead = Date.parse(fields.time) - Date.now();
  labels = labelled(known.model);
  if (stream >= known.sources.length) choose(0);
  if (first) past();
  const source = known.sources[stream];
  if (source.frame && source.state === "live") chart.add(Date.parse(source.time), labels.map(({ name }) => source.smoothed[name] ?? 0));
  refresh();
}, (now) => {
  contact = now;
  if (now) { past(); visits(); again(); tuning.begin(); } // the runner may have been started anew
  refresh();
});

// Return what is true of what is on the screen: the server may say "live" while its pictures do not come through.
function truth() {
  if (!contact) return known ? "no contact" : "connecting";
  const source = known?.sources[stream];
  if (!source) return "connecting";
  if (!FRESH.includes(source.state)) return source.state;
  if (!shownAt) return "connecting";
  return live && performance.now() - shownAt < known.patience_s * 1000 + PATIENCE_MS ? source.state : "stale";
}

function refresh() {
  const source = known?.sources[stream], state = truth();
  showState(state, source);
  if (!source) return;
  showSources(known.sources, stream, choose);
  showVerdict(source, labels);
  sayVerdict(source, state);
  showBars(source, labels);
  showFacts(source, known);
  $("why").hidden = !known.model.map;
  if (known.keep) keep.show(labels, () => stream);
}

$("why").addEventListener("click", () => look(!why));

function look(on) {
  why = on;
  $("why").setAttribute("aria-pressed", why);
  $("heat").hidden = !why;
  $("heat").getContext("2d").clearRect(0, 0, $("heat").width, $("heat").height);
  reopen();
}

function choose(number) {
  [stream, shownAt, live] = [number, 0, false];
  pen.clearRect(0, 0, video.width, video.height);
  again();
  past();
  if (why) look(true);
  refresh();
}

async function past() {
  const asked = stream, told = await ask(`/api/history?source=${asked}`);
  if (told.error || asked !== stream || !labels.length) return;
  const at = labels.map(({ name }) => told.labels.indexOf(name));
  chart.begin(labels, told.points.map((point) => [Date.parse(point.time), at.map((index) => point.probabilities[index] ?? 0)]));
}

async function visits() {
  const told = await ask("/api/visits");
  if (told.error) return;
  showVisits(told.visits, (known?.sources.length ?? 1) > 1);
  if (told.visits.some((visit) => !visit.picture)) setTimeout(visits, 1000); // it is still being encoded
}

setInterval(refresh, 500);
