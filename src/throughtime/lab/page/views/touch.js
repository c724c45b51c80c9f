// Touch: hold units or gates at a value, and see what is then said.

import { bars, complain, el, shown } from "../dom.js";
import { ask } from "../socket.js";
import { change } from "../state.js";
import { words } from "../words.js";

export class Touch {
  constructor(page, room) {
    this.page = page;
    this.edits = [];
    const { run } = page;
    this.track = el("select", { "aria-label": words.hold, id: "held-track" }, ...Object.keys(run.tracks).map((each) => el("option", {}, each)));
    this.unit = el("input", { type: "number", min: 0, value: 0, id: "held-unit", oninput: () => change({ unit: this.whole() }) });
    this.value = el("input", { type: "number", step: "any", value: 0, id: "held-value" });
    this.held = el("ul", { id: "held" });
    this.said = el("div", { id: "changed" });
    room.append(el("article", {}, el("p", { class: "hint" }, words.touchHint),
      el("p", { class: "row" }, words.hold, this.track, el("label", {}, words.unit, " ", this.unit), el("label", {}, words.at, " ", this.value),
        el("button", { type: "button", id: "hold", onclick: () => this.hold() }, words.holdIt),
        el("button", { type: "button", id: "undo", onclick: () => this.let(this.edits.slice(0, -1)) }, words.undo),
        el("button", { type: "button", onclick: () => this.let([]) }, words.clear)),
      this.held, this.said));
    this.held.append(el("li", {}, words.nothingHeld));
  }

  whole() {
    const most = this.page.run.tracks[this.track.value] - 1;
    return Math.max(0, Math.min(most, Number.parseInt(this.unit.value, 10) || 0));
  }

  hold() {
    const value = Number(this.value.value);
    this.let([...this.edits, { track: this.track.value, unit: this.whole(), value }]);
  }

  let(edits) {
    this.edits = edits;
    if (edits.length) return this.compute();
    this.held.replaceChildren(el("li", {}, words.nothingHeld));
    this.asItIs();
  }

  step(unitToo) {
    if (unitToo) {
      this.track.value = this.started ? this.track.value : `h_${this.page.lane}`;
      this.started = true;
      this.unit.value = this.page.unit;
    }
    if (this.edits.length) this.compute();
    else this.asItIs();
  }

  async asItIs() {
    const answer = await ask("step", { step: this.page.step });
    if (!answer || answer.error || this.edits.length || !this.said.isConnected) return;
    const rows = answer.names.map((name, place) => ({ name: shown(name), shares: [answer.shares[place]] }));
    this.said.replaceChildren(el("h2", {}, words.says[answer.kind]), bars(rows));
  }

  async compute() {
    const answer = await this.page.asked("touch", { edits: this.edits });
    if (!answer || !this.said.isConnected || !this.edits.length) return;
    if (answer.error) {
      this.edits = this.edits.slice(0, -1);
      return complain(answer.error);
    }
    complain(null);
    this.held.replaceChildren(...answer.edits.map((each) => el("li", {}, each)));
    const { before, after } = answer.arrays;
    const rows = answer.names.map((name, place) => ({ name: shown(name), shares: [before.data[place], after.data[place]] }));
    this.said.replaceChildren(bars(rows, [words.before, words.now]));
  }
}
