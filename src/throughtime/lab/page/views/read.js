// Read: what is expected, all units over all steps, one unit gate by gate, and which units or parts of the text count.

import { bars, byId, complain, el, number, shown } from "../dom.js";
import { css, ink, place, scaleOf, tableOf } from "../drawing/colours.js";
import { Curve } from "../drawing/charts.js";
import { Heatmap } from "../drawing/heatmap.js";
import { marked } from "../paper.js";
import { reading, stepsOf } from "../reading.js";
import { ask } from "../socket.js";
import { change } from "../state.js";
import { words } from "../words.js";

const PLACES = 6, AROUND = 12;

export class Read {
  constructor(page, room) {
    this.page = page;
    this.map = new Heatmap(words.heatLabel, (step, unit) => change({ step, unit }));
    this.map.canvas.addEventListener("keydown", (event) => this.key(event));
    this.says = el("div", { id: "says" });
    this.curves = el("div", { id: "curves" });
    this.places = el("ol", { id: "places" });
    this.numbers = el("div", { id: "numbers" });
    this.found = el("div", { id: "found" });
    this.towards = el("select", { "aria-label": words.why, onchange: () => this.why() });
    room.append(
      el("div", { class: "columns" },
        el("article", {}, this.says, el("label", { class: "row" }, `${words.why}: `, this.towards), el("p", { class: "hint" }, words.whyHint)),
        el("article", {}, el("h2", {}, words.heat), el("p", { class: "hint" }, words.heatHint), this.map.element)),
      el("div", { class: "columns" },
        el("article", {}, el("h2", {}, words.curves), this.curves),
        el("article", {}, el("h2", {}, words.strongest), this.places, el("h2", {}, words.span), el("p", { class: "hint" }, words.spanHint),
          el("button", { type: "button", id: "search", onclick: () => this.search() }, words.search), this.found)),
      el("article", {}, el("h2", {}, words.numbers), this.numbers));
  }

  key(event) {
    const { step, unit } = this.page;
    const moves = { ArrowLeft: { step: step - 1 }, ArrowRight: { step: step + 1 }, ArrowUp: { unit: unit - 1 }, ArrowDown: { unit: unit + 1 } };
    const move = moves[event.key];
    if (!move) return;
    event.preventDefault();
    const [[name, value]] = Object.entries(move);
    if (value >= 0 && value < (name === "step" ? reading.steps : reading.width)) change(move);
  }

  repaint() { this.map.repaint(); }

  update(first) {
    this.map.draw(reading.track, reading.steps, reading.width, reading.scale, first);
    this.found.replaceChildren();
  }

  async step(unitToo) {
    const { step, unit } = this.page;
    this.map.show(step, unit);
    for (const curve of this.drawn ?? []) curve.show(step);
    if (unitToo) this.unit();
    const answer = await ask("step", { step });
    if (!answer || !this.says.isConnected) return;
    if (answer.error) return complain(answer.error);
    this.sayAll(answer);
    this.layers(answer);
  }

  sayAll({ names, shares, kind }) {
    const rows = names.map((name, place) => ({ name: kind === "next" ? shown(name) : name, shares: place < shares.length ? [shares[place]] : [] }));
    this.says.replaceChildren(el("h2", {}, words.says[kind]), bars(rows));
    if (this.towards.dataset.names !== JSON.stringify(names)) {
      this.towards.dataset.names = JSON.stringify(names);
      this.towards.replaceChildren(el("option", { value: "" }, "–"), ...names.map((name) => el("option", { value: name }, kind === "next" ? shown(name) : name)));
    }
  }

  // Every gate and state of the step: this unit's number, and all units as a strip. The tables stay; what they hold changes.
  layers({ arrays }) {
    const { run, unit, lane: here } = this.page;
    if (this.tables !== run.name) this.layOut(run, Object.keys(arrays));
    this.tables = run.name;
    for (const [lane, table] of this.lanes) table.classList.toggle("here", lane === here);
    for (const [name, { cell, strip, part }] of this.rows) {
      const { data } = arrays[name], scale = scaleOf(name, data, run.carried), there = unit < data.length;
      cell.textContent = there ? number(data[unit]) : "–";
      cell.style.background = there ? css(scale, data[unit]) : "";
      cell.style.color = there ? ink(scale, data[unit]) : "";
      const pixels = new Uint32Array(part.data.buffer), { packed } = tableOf(scale);
      data.forEach((each, index) => { pixels[index] = packed[place(scale, each)]; });
      strip.getContext("2d").putImageData(part, 0, 0);
    }
  }

  layOut(run, names) {
    this.rows = new Map();
    this.lanes = new Map(run.lanes.map((lane) => {
      const own = names.filter((name) => name.slice(name.indexOf("_") + 1) === lane);
      const rows = own.map((name) => {
        const wide = run.tracks[name], part = name.split("_")[0];
        const strip = el("canvas", { class: "strip", width: wide, height: 1, "aria-hidden": "true" });
        const cell = el("td", { class: "value", "data-track": name });
        this.rows.set(name, { cell, strip, part: new ImageData(wide, 1) });
        return el("tr", {}, el("th", { scope: "row" }, words.parts[part] ?? part), cell, el("td", {}, strip));
      });
      return [lane, el("table", { class: "lane" }, el("caption", {}, words.lane(lane)), el("tbody", {}, ...rows))];
    }));
    this.numbers.replaceChildren(...this.lanes.values());
  }

  async unit() {
    const answer = await ask("unit", { lane: this.page.lane, unit: this.page.unit });
    if (!answer || answer.error || !this.curves.isConnected) return;
    const names = Object.keys(answer.arrays);
    if (this.curves.dataset.names !== names.join()) {
      this.curves.dataset.names = names.join();
      this.drawn = names.map((name) => new Curve(words.curveLabel(name)));
      this.curves.replaceChildren(...names.map((name, place) =>
        el("figure", {}, el("figcaption", {}, words.parts[name.split("_")[0]] ?? name, " ", this.drawn[place].ends), this.drawn[place].element)));
    }
    names.forEach((name, place) => {
      const { data } = answer.arrays[name], scale = scaleOf(name, data, this.page.run.carried);
      this.drawn[place].draw(data, scale);
      this.drawn[place].ends.textContent = `${number(scale.low)} – ${number(scale.high)}`;
      this.drawn[place].show(this.page.step);
    });
    this.strongest();
  }

  strongest() {
    const { unit } = this.page, column = reading.column(unit);
    const order = [...column.keys()].sort((one, other) => Math.abs(column[other]) - Math.abs(column[one])).slice(0, PLACES);
    this.places.replaceChildren(...order.map((step) => {
      const [start, stop] = [reading.spans[2 * step], reading.spans[2 * step + 1]];
      const before = shown(reading.text.slice(Math.max(0, start - AROUND), start) || " "), after = reading.text.slice(stop, stop + AROUND);
      return el("li", {}, el("button", { type: "button", class: "place", onclick: () => change({ step }) },
        el("span", {}, start ? before : ""), el("b", { style: { background: css(reading.scale, column[step]), color: ink(reading.scale, column[step]) } }, shown(reading.piece(step))),
        el("span", {}, after ? shown(after) : ""), ` ${number(column[step])}`));
    }));
  }

  async search() {
    const span = stepsOf(...marked());
    if (!span) return complain(words.nothingMarked);
    complain(null);
    this.found.textContent = words.working;
    const answer = await this.page.asked("span", { span, at: reading.steps - 1 });
    if (!answer) return;
    this.found.replaceChildren();
    if (answer.error) return complain(answer.error);
    this.found.append(el("ol", {}, ...answer.tracks.map((track, place) => el("li", {},
      el("button", { type: "button", onclick: () => change({ track, unit: answer.units[place] }) },
        `${track}, ${words.unit} ${answer.units[place]} ${answer.signs[place] > 0 ? "+" : "−"}`),
      ` ${words.overlap(answer.arrays.scores.data[place])}`))));
  }

  async why() {
    const towards = this.towards.value;
    if (!towards) return this.page.colourBy(null);
    const steps = reading.steps, answer = await this.page.asked("saliency", { towards });
    if (!answer || steps !== reading.steps || !this.says.isConnected) return;
    if (answer.error) return complain(answer.error);
    const { data } = answer.arrays.contributions, far = Math.max(1e-9, ...data.map(Math.abs));
    this.page.colourBy((step) => data[step] ?? 0, { low: -far, high: far, gate: false });
    byId("where").textContent = words.contributed(answer.towards);
  }
}
