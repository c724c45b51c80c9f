// Walk: one step of the cell for one unit, number by number, forward and back.

import { complain, el, number, svg } from "../dom.js";
import { css, ink } from "../drawing/colours.js";
import { reading } from "../reading.js";
import { change } from "../state.js";
import { words } from "../words.js";

const WIDE = 86, HIGH = 38, ACROSS = 128, DOWN = 54, EDGE = 8;
const SIGNS = [["σ", "sigmoid("], ["tanh", "tanh("], ["relu", "relu("], ["W", "W_hh"], ["×", " * "], ["+", " + "]]; // what a formula does first

export class Walk {
  constructor(page, room) {
    this.page = page;
    this.back = false;
    this.drawing = el("div", { class: "scroll" });
    this.sentences = el("ol", { id: "sentences" });
    this.ways = [false, true].map((back) =>
      el("button", { type: "button", "aria-pressed": String(!back), onclick: () => this.turn(back) }, back ? words.backward : words.forward));
    room.append(el("article", {}, el("p", { class: "hint" }, words.walkHint),
      el("p", { class: "row" }, el("button", { type: "button", id: "previous", onclick: () => this.move(-1) }, words.previous),
        el("button", { type: "button", id: "next", onclick: () => this.move(1) }, words.next), ...this.ways),
      this.drawing, this.sentences));
  }

  move(by) {
    const step = this.page.step + by;
    if (step >= 0 && step < reading.steps) change({ step });
  }

  turn(back) {
    this.back = back;
    this.ways.forEach((button, place) => button.setAttribute("aria-pressed", String(Boolean(place) === back)));
    if (this.answer) this.draw(this.answer);
  }

  async step() {
    const { step, unit, lane } = this.page;
    const answer = await this.page.asked("walk", { step, unit, lane, at: reading.steps - 1 });
    if (!answer || !this.drawing.isConnected) return;
    if (answer.error) return complain(answer.error);
    this.answer = answer;
    this.draw(answer);
  }

  draw({ parts, sentences, arrays }) {
    const values = parts.map((_, place) => arrays.values.data[2 * place + (this.back ? 1 : 0)]);
    const far = Math.max(...values.map(Math.abs), 1e-12), places = laidOut(parts);
    const wide = Math.max(...places.map(({ x }) => x)) + WIDE + EDGE, high = Math.max(...places.map(({ y }) => y)) + HIGH + EDGE + 16;
    const drawn = svg("svg", { viewBox: `0 0 ${wide} ${high}`, width: wide, height: high, class: "walk", role: "img", "aria-label": words.walkLabel });
    parts.forEach(({ parents }, place) => {
      for (const parent of parents) {
        const from = places[parts.findIndex(({ name }) => name === parent)], to = places[place];
        const [x1, y1, x2, y2] = [from.x + WIDE, from.y + HIGH / 2, to.x, to.y + HIGH / 2];
        drawn.append(svg("path", { d: `M${x1} ${y1}C${(x1 + x2) / 2} ${y1} ${(x1 + x2) / 2} ${y2} ${x2} ${y2}`,
          class: /^(c|h)(_before)?$|kept/.test(parts[place].name) && /^(c|h)_before$|kept/.test(parent) ? "belt" : "wire" }));
      }
    });
    parts.forEach((part, place) => drawn.append(box(part, places[place], values[place], far, this.back)));
    this.drawing.replaceChildren(drawn);
    const turn = sentences.findIndex((each) => each.startsWith("Back"));
    const said = turn < 0 ? sentences : this.back ? sentences.slice(turn) : sentences.slice(0, turn);
    this.sentences.replaceChildren(...said.map((each) => el("li", {}, each)));
  }
}

function box({ name, kind, formula }, { x, y }, value, far, back) {
  const scale = kind === "gate" && !back ? { low: 0, high: 1, gate: true } : { low: -far, high: far, gate: false };
  const fill = ink(scale, value);
  return svg("g", { transform: `translate(${x} ${y})`, "data-name": name },
    svg("rect", { width: WIDE, height: HIGH, rx: 6, fill: css(scale, value), class: "box" }),
    text(WIDE / 2, 15, `${name} ${SIGNS.find(([, sign]) => formula.includes(sign))?.[0] ?? ""}`, fill), text(WIDE / 2, 31, number(value), fill, "value"),
    svg("title", {}, document.createTextNode(`${words.kinds[kind]}: ${formula}`)));
}

function text(x, y, content, fill, name = "") {
  return svg("text", { x, y, fill, class: name, "text-anchor": "middle" }, document.createTextNode(content));
}

// Each gate has a row, with what was read above what was remembered; what is made of them stands between what it is made of.
function laidOut(parts) {
  const column = new Map(), row = new Map();
  const order = ["f", "i", "g", "o", "r", "z", "n"];
  const gates = parts.filter(({ name }) => name.startsWith("sum_")).map(({ name }) => name.slice(4))
    .sort((one, other) => order.indexOf(one) - order.indexOf(other));
  const taken = new Map();
  for (const { name, parents } of parts) {
    const gate = name.includes("_") && name.split("_")[1];
    const root = parents.length === 0;
    let at = root ? (name.endsWith("_before") ? 0 : 1) : 1 + Math.max(...parents.map((each) => column.get(each)));
    let down;
    if (gates.includes(gate)) down = gates.indexOf(gate) * 2 + (name.startsWith("x_") ? 0.6 : name.startsWith("past_") ? 1.6 : 1.1);
    else if (gates.includes(name)) down = gates.indexOf(name) * 2 + 1.1;
    else if (root) down = name.startsWith("c") ? 0 : gates.length;
    else down = parents.reduce((sum, each) => sum + row.get(each), 0) / parents.length;
    if (gates.includes(gate) && !root && name.startsWith("past_")) at = 1;
    while ([...(taken.get(at) ?? [])].some((other) => Math.abs(other - down) < 0.95)) down += 0.5;
    taken.set(at, [...(taken.get(at) ?? []), down]);
    column.set(name, at);
    row.set(name, down);
  }
  return parts.map(({ name }) => ({ x: EDGE + column.get(name) * ACROSS, y: EDGE + row.get(name) * DOWN * 0.8 }));
}
