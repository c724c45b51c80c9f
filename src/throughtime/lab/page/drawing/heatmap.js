// All units over all steps, a pixel each, drawn larger; what has not changed is not drawn again.

import { el } from "../dom.js";
import { place, tableOf } from "./colours.js";

export class Heatmap {
  constructor(label, chosen) {
    this.image = document.createElement("canvas");
    this.canvas = el("canvas", { class: "heat", role: "img", tabindex: "0", "aria-label": label });
    this.across = el("div", { class: "across" });
    this.down = el("div", { class: "down" });
    this.element = el("div", { class: "map" }, this.canvas, this.across, this.down);
    this.steps = this.units = 0;
    this.canvas.addEventListener("pointerdown", (event) => { this.canvas.setPointerCapture(event.pointerId); this.point(event, chosen); });
    this.canvas.addEventListener("pointermove", (event) => { if (event.buttons) this.point(event, chosen); });
    this.observer = new ResizeObserver(() => this.enlarge());
    this.observer.observe(this.canvas);
  }

  point(event, chosen) {
    const box = this.canvas.getBoundingClientRect();
    const share = (value, size, count) => Math.max(0, Math.min(count - 1, Math.floor((value / size) * count)));
    chosen(share(event.clientX - box.left, box.width, this.steps), share(event.clientY - box.top, box.height, this.units));
  }

  // values (steps x units), of which those from a step on are new
  draw(values, steps, units, scale, first) {
    const whole = units !== this.units || JSON.stringify(scale) !== this.scale || steps > this.image.width;
    const from = whole ? 0 : first;
    if (whole) [this.image.width, this.image.height] = [Math.max(64, steps + (steps >> 1)), units];
    Object.assign(this, { steps, units, scale: JSON.stringify(scale) });
    this.canvas.style.height = `${Math.max(96, Math.min(300, 5 * units))}px`;
    if (steps > from) {
      const part = new ImageData(steps - from, units), pixels = new Uint32Array(part.data.buffer), { packed } = tableOf(scale);
      for (let step = from; step < steps; step += 1)
        for (let unit = 0; unit < units; unit += 1)
          pixels[unit * (steps - from) + step - from] = packed[place(scale, values[step * units + unit])];
      this.image.getContext("2d").putImageData(part, from, 0);
    }
    this.enlarge();
  }

  repaint() { this.scale = ""; }

  enlarge() {
    if (!this.steps) return;
    const ratio = devicePixelRatio || 1, { clientWidth, clientHeight } = this.canvas;
    [this.canvas.width, this.canvas.height] = [clientWidth * ratio, clientHeight * ratio];
    const context = this.canvas.getContext("2d");
    context.imageSmoothingEnabled = false;
    context.drawImage(this.image, 0, 0, this.steps, this.units, 0, 0, this.canvas.width, this.canvas.height);
    if (this.at) this.show(...this.at);
  }

  show(step, unit) {
    this.at = [step, unit];
    const wide = this.canvas.clientWidth / this.steps, high = this.canvas.clientHeight / this.units;
    Object.assign(this.down.style, { transform: `translateX(${step * wide}px)`, width: `${Math.max(2, wide)}px` });
    Object.assign(this.across.style, { transform: `translateY(${unit * high}px)`, height: `${Math.max(3, high)}px` });
  }
}
