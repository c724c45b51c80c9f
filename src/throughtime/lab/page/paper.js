// The text, coloured step by step, under a text field in which one types.

import { byId, el } from "./dom.js";
import { css, ink } from "./drawing/colours.js";
import { reading, stepAt } from "./reading.js";

const field = byId("text"), colours = byId("colours");
let marks = [], current = null;

// Make anew what stands from a step on.
export function layOut(first) {
  const start = Math.min(first, marks.length);
  const last = start ? marks[start - 1] : null;
  while (colours.lastChild && colours.lastChild !== last) colours.lastChild.remove();
  marks.length = start;
  const sheet = document.createDocumentFragment();
  let place = start ? reading.spans[2 * start - 1] : 0;
  for (let step = start; step < reading.steps; step += 1) {
    const begin = reading.spans[2 * step], end = reading.spans[2 * step + 1];
    if (begin > place) sheet.append(reading.text.slice(place, begin));
    const piece = reading.text.slice(begin, end);
    const mark = el("span", { "data-step": step, class: piece === "\n" ? "line" : null }, piece);
    marks.push(mark);
    sheet.append(mark);
    place = Math.max(place, end);
  }
  sheet.append(`${reading.text.slice(place)}\u200b`);
  colours.append(sheet);
  fit();
}

// Colour the steps from one on by numbers.
export function colour(valueOf, scale, first = 0) {
  for (let step = first; step < marks.length; step += 1) {
    const value = valueOf(step);
    marks[step].style.backgroundColor = css(scale, value);
    marks[step].style.color = ink(scale, value);
  }
}

export function show(step) {
  current?.classList.remove("now");
  current = marks[step] ?? null;
  current?.classList.add("now");
}

export function fit() {
  field.style.height = "auto";
  field.style.height = `${Math.min(field.scrollHeight + 2, innerHeight * 0.3)}px`;
  colours.scrollTop = field.scrollTop;
}

// Tell of keys, of the step under the pointer, and of the step left of the caret.
export function listen({ typed, pointed, placed }) {
  field.addEventListener("input", () => typed(field.value));
  field.addEventListener("scroll", () => { colours.scrollTop = field.scrollTop; });
  field.addEventListener("pointermove", (event) => {
    const over = document.elementsFromPoint(event.clientX, event.clientY).find((each) => each.dataset.step);
    if (over && event.buttons === 0) pointed(Number(over.dataset.step));
  });
  document.addEventListener("selectionchange", () => {
    if (document.activeElement === field) placed(stepAt(field.selectionEnd));
  });
  addEventListener("resize", fit);
}

export const marked = () => [field.selectionStart, field.selectionEnd];
export const write = (text) => { if (field.value !== text) field.value = text; };
