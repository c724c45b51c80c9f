// Vanish: what is left of the gradient on its way back, and by what a change of the state is multiplied.

import { complain, el, number } from "../dom.js";
import { lines } from "../drawing/charts.js";
import { words } from "../words.js";

export class Vanish {
  constructor(page, room) {
    this.page = page;
    this.drawn = el("div", { id: "charts", class: "columns" });
    room.append(el("article", {}, el("p", { class: "hint" }, words.vanishHint),
      el("p", { class: "row" }, el("button", { type: "button", id: "compute", onclick: () => this.compute() }, words.compute))), this.drawn);
    this.waits = true;
  }

  step() {
    if (this.waits) this.compute();
  }

  async compute() {
    this.waits = false;
    this.drawn.textContent = words.working;
    const answer = await this.page.asked("vanish");
    if (!answer || !this.drawn.isConnected) return;
    this.drawn.replaceChildren();
    if (answer.error) return complain(answer.error);
    const { arrays, decays } = answer;
    const of = (kind, x) => Object.keys(arrays).filter((name) => name.startsWith(`${kind} `))
      .map((name) => ({ name: name.slice(kind.length + 1), x: arrays[x].data, y: arrays[name].data.map((each) => each / Math.LN10) }));
    this.drawn.append(
      el("article", {}, el("h2", {}, words.flow(JSON.stringify(answer.towards), answer.at)), lines(words.views.vanish, of("flow", "back"), words.back, words.logarithm),
        el("ul", {}, ...Object.entries(decays).map(([name, value]) => el("li", {}, words.decay(name, number(value)))))),
      el("article", {}, el("h2", {}, words.spectrum), lines(words.spectrum, of("spectrum", "distances"), words.back, words.logarithm)),
      el("p", { class: "hint" }, answer.note));
  }
}
