// Numbers as colours that the colour-blind can tell apart: orange below 0, purple above, paper between; gates in purple.

const dark = matchMedia("(prefers-color-scheme: dark)");
const ENDS = { light: { low: [230, 97, 0], zero: [255, 255, 255], high: [93, 58, 155] },
  dark: { low: [253, 141, 60], zero: [24, 26, 31], high: [158, 126, 222] } };
const STEPS = 256;

let tables = built();
dark.addEventListener("change", () => { tables = built(); });
export const whenTheme = (listener) => dark.addEventListener("change", listener);

function built() {
  const { low, zero, high } = ENDS[dark.matches ? "dark" : "light"];
  const mixed = (one, other, share) => one.map((each, place) => Math.round(each + (other[place] - each) * share));
  const packed = ([r, g, b]) => (255 << 24) | (b << 16) | (g << 8) | r; // as ImageData has it in memory
  const signed = [], gate = [];
  for (let place = 0; place < STEPS; place += 1) {
    const share = place / (STEPS - 1);
    signed.push(share < 0.5 ? mixed(low, zero, 2 * share) : mixed(zero, high, 2 * share - 1));
    gate.push(mixed(zero, high, share));
  }
  const table = (colours) => ({ packed: Uint32Array.from(colours, packed), css: colours.map((each) => `rgb(${each})`) });
  return { signed: table(signed), gate: table(gate) };
}

// {low, high} of a track: 0 to 1 for a gate, else the same distance on both sides of 0.
export function scaleOf(name, data, carried) {
  let low = Infinity, high = -Infinity;
  for (const value of data) {
    if (value < low) low = value;
    if (value > high) high = value;
  }
  if (low >= 0 && high <= 1 && !carried.includes(name.split("_")[0])) return { low: 0, high: 1, gate: true };
  const far = Math.max(Math.abs(low), Math.abs(high), name.startsWith("c_") ? 1e-6 : 0.001);
  const bound = Number.isFinite(far) ? (name.startsWith("h_") ? Math.max(far, 0.5) : far) : 1;
  return { low: -bound, high: bound, gate: false };
}

export const tableOf = (scale) => (scale.gate ? tables.gate : tables.signed);

export function place(scale, value) {
  const share = (value - scale.low) / (scale.high - scale.low);
  return Math.max(0, Math.min(STEPS - 1, Math.round(share * (STEPS - 1))));
}

export const css = (scale, value) => tableOf(scale).css[place(scale, value)];
export const ink = (scale, value) => {
  const [r, g, b] = css(scale, value).match(/\d+/g).map(Number);
  return 0.299 * r + 0.587 * g + 0.114 * b > 140 ? "#111" : "#fff";
};
