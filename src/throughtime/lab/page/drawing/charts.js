// Curves: one of a unit over the steps, and some over a distance.

import { el, number, svg } from "../dom.js";

const WIDE = 600, HIGH = 230, LEFT = 44, BOTTOM = 34;
const DASHES = ["none", "7 3", "2 3", "9 3 2 3"];

// A curve over the steps, and a line that stands at one of them.
export class Curve {
  constructor(label) {
    this.canvas = el("canvas", { class: "curve", role: "img", "aria-label": label });
    this.line = el("div", { class: "down" });
    this.ends = el("span", { class: "ends" });
    this.element = el("div", { class: "map" }, this.canvas, this.line);
  }

  draw(values, scale) {
    const ratio = devicePixelRatio || 1, wide = this.canvas.clientWidth * ratio, high = this.canvas.clientHeight * ratio;
    Object.assign(this.canvas, { width: wide, height: high });
    const context = this.canvas.getContext("2d"), style = getComputedStyle(this.canvas);
    const y = (value) => high - 2 - ((value - scale.low) / (scale.high - scale.low)) * (high - 4);
    const x = (step) => ((step + 0.5) / values.length) * wide;
    context.strokeStyle = style.getPropertyValue("--line");
    context.beginPath();
    context.moveTo(0, y(0));
    context.lineTo(wide, y(0));
    context.stroke();
    context.strokeStyle = style.color;
    context.lineWidth = 1.5 * ratio;
    context.beginPath();
    values.forEach((value, step) => context[step ? "lineTo" : "moveTo"](x(step), y(value)));
    if (values.length === 1) context.arc(x(0), y(values[0]), 2 * ratio, 0, 7);
    context.stroke();
    this.steps = values.length;
  }

  show(step) {
    const wide = this.canvas.clientWidth / Math.max(1, this.steps);
    Object.assign(this.line.style, { transform: `translateX(${step * wide}px)`, width: `${Math.max(2, wide)}px` });
  }
}

// Lines over a distance: [{name, x, y}], y in powers of ten.
export function lines(label, series, xName, yName) {
  const inside = series.filter(({ x }) => x.length);
  const xs = inside.flatMap(({ x }) => [...x]), ys = inside.flatMap(({ y }) => [...y]);
  const far = Math.max(1, ...xs), low = Math.min(-0.1, ...ys), high = Math.max(0.1, ...ys);
  const px = (x) => LEFT + (x / far) * (WIDE - LEFT - 96);
  const py = (y) => HIGH - BOTTOM - ((y - low) / (high - low)) * (HIGH - BOTTOM - 12);
  const drawn = svg("svg", { viewBox: `0 0 ${WIDE} ${HIGH}`, class: "chart", role: "img", "aria-label": label });
  for (const y of ticks(low, high))
    drawn.append(svg("line", { x1: LEFT, x2: px(far), y1: py(y), y2: py(y), class: y === 0 ? "zero" : "grid" }),
      svg("text", { x: LEFT - 5, y: py(y) + 4, "text-anchor": "end" }, number(y)));
  for (const x of ticks(0, far))
    drawn.append(svg("text", { x: px(x), y: HIGH - BOTTOM + 16, "text-anchor": "middle" }, number(x)));
  drawn.append(svg("text", { x: px(far / 2), y: HIGH - 3, "text-anchor": "middle" }, xName), svg("text", { x: 2, y: 10 }, yName));
  const ends = [];
  inside.forEach(({ name, x, y }, place) => {
    const points = [...x].map((each, at) => `${px(each).toFixed(1)},${py(y[at]).toFixed(1)}`).join(" ");
    const order = [...x].indexOf(Math.max(...x));
    ends.push({ y: py(y[order]), name, place });
    drawn.append(svg("polyline", { points, class: `line${place % 4}`, "stroke-dasharray": DASHES[place % 4] }));
  });
  ends.sort((one, other) => one.y - other.y);
  ends.forEach((end, place) => {
    if (place) end.y = Math.max(end.y, ends[place - 1].y + 13);
    drawn.append(svg("text", { x: px(far) + 6, y: Math.min(end.y + 4, HIGH), class: `name${end.place % 4}` }, end.name));
  });
  return drawn;
}

function ticks(low, high) {
  const rough = (high - low) / 5, power = 10 ** Math.floor(Math.log10(rough));
  const step = [1, 2, 5, 10].map((each) => each * power).find((each) => each >= rough);
  const found = [];
  for (let each = Math.ceil(low / step) * step; each <= high + 1e-9; each += step) found.push(Number(each.toPrecision(6)));
  return found;
}
