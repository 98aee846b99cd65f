// The last minutes: how the probabilities share the height, moment by moment. Where nothing was known there is a gap.

const SPAN_MS = 300_000, GAP_MS = 5000;

export class Chart {
  constructor(canvas) {
    this.canvas = canvas;
    this.labels = [];
    this.points = []; // [milliseconds since 1970, probabilities], oldest first
    this.ahead = 0; // milliseconds of the runner's clock before this device's: a board without a network has any time
    new ResizeObserver(() => this.draw()).observe(canvas);
    matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => this.draw());
  }

  begin(labels, points) {
    this.labels = labels;
    this.points = points;
    this.draw();
  }

  add(at, probabilities) {
    const last = this.points.at(-1);
    if (last && at - last[0] < 1000) return;
    this.points.push([at, probabilities]);
    while (this.points.length && at - this.points[0][0] > SPAN_MS) this.points.shift();
    this.draw();
    this.tell();
  }

  draw() {
    const { canvas, points, labels } = this, ratio = devicePixelRatio || 1;
    const width = canvas.clientWidth, height = canvas.clientHeight;
    if (!width) return;
    canvas.width = width * ratio;
    canvas.height = height * ratio;
    const pen = canvas.getContext("2d"), now = Date.now() + this.ahead;
    pen.scale(ratio, ratio);
    const x = (at) => width * (1 - (now - at) / SPAN_MS);
    for (const run of runs(points)) {
      const below = run.map(() => 0);
      labels.forEach((label, index) => {
        const top = run.map(([, values], i) => below[i] + values[index]);
        pen.beginPath();
        run.forEach(([at], i) => pen.lineTo(x(at), height * (1 - top[i])));
        for (let i = run.length - 1; i >= 0; i--) pen.lineTo(x(run[i][0]), height * (1 - below[i]));
        pen.fillStyle = colour(label.place);
        pen.globalAlpha = label.rest ? 0.45 : 0.9;
        pen.fill();
        top.forEach((value, i) => { below[i] = value; });
      });
    }
    pen.globalAlpha = 1;
    pen.fillStyle = getComputedStyle(canvas).getPropertyValue("--card");
    for (let minute = 1; minute < 5; minute++) pen.fillRect(width * minute / 5, 0, 1, height);
  }

  tell() {
    const means = this.labels.map((label, index) =>
      `${label.name} ${Math.round(100 * this.points.reduce((sum, [, values]) => sum + values[index], 0) / this.points.length)} %`);
    this.canvas.setAttribute("aria-label", `Mean of the last five minutes: ${means.join(", ")}`);
  }
}

function* runs(points) {
  let run = [];
  for (const point of points) {
    if (run.length && point[0] - run.at(-1)[0] > GAP_MS) { yield run; run = []; }
    run.push(point);
  }
  if (run.length) yield run;
}

// place: of a label in the model, or "rest" for the one that means none of the others.
export function colour(place) {
  return getComputedStyle(document.documentElement).getPropertyValue(place === "rest" ? "--rest" : `--c${place % 6}`);
}
