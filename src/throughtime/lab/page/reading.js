// What the page holds of the text that was read: one track of all units, where each step stands, and how it is coloured.

import { scaleOf } from "./drawing/colours.js";

export const reading = {
  steps: 0, width: 0, name: "", text: "", track: new Float32Array(0), spans: new Int32Array(0), scale: { low: -1, high: 1 },
  lively: 0, // the unit that changes most, which is shown until one is chosen
  // the text of a step; "" where it has no extent
  piece: (step) => reading.text.slice(reading.spans[2 * step], reading.spans[2 * step + 1]),
  value: (step, unit) => reading.track[step * reading.width + unit],
  column: (unit) => Float32Array.from({ length: reading.steps }, (_, step) => reading.value(step, unit)),
};

// Take an answer to "read" in; gives the first step that is new.
export function take(answer, text, name, width, carried) {
  const { first, steps } = answer, another = name !== reading.name;
  if (another || width !== reading.width) reading.track = new Float32Array(0);
  Object.assign(reading, { name, width, text, steps });
  reading.track = roomFor(reading.track, steps * width);
  reading.spans = roomFor(reading.spans, 2 * steps);
  reading.track.set(answer.arrays.track.data, first * width);
  reading.spans.set(answer.arrays.spans.data, 2 * first);
  if (another) reading.lively = liveliest();
  reading.scale = scaleOf(name, reading.track.subarray(0, steps * width), carried);
  return first;
}

function liveliest() {
  const spread = (unit) => {
    const column = reading.column(unit), mean = column.reduce((sum, each) => sum + each, 0) / column.length;
    return column.reduce((sum, each) => sum + (each - mean) ** 2, 0);
  };
  const spreads = Array.from({ length: reading.width }, (_, unit) => spread(unit));
  return spreads.indexOf(Math.max(...spreads));
}

function roomFor(held, count) {
  if (held.length >= count) return held;
  const larger = new held.constructor(2 * count);
  larger.set(held);
  return larger;
}

// The step that has read what is left of the caret, and the steps of a marked part.
export function stepAt(place) {
  let low = 0, high = reading.steps - 1;
  while (low < high) {
    const middle = (low + high + 1) >> 1;
    if (reading.spans[2 * middle + 1] <= place) low = middle;
    else high = middle - 1;
  }
  return low;
}

export function stepsOf(start, stop) {
  const inside = [];
  for (let step = 0; step < reading.steps; step += 1) {
    const begin = reading.spans[2 * step], end = reading.spans[2 * step + 1];
    if (end > begin && end > start && begin < stop) inside.push(step);
  }
  return inside.length ? [inside[0], inside.at(-1) + 1] : null;
}
