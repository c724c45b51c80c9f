// What is shown, and the same in the address: back and forward go through it, and a reload brings it again.

const LONGEST = 4000; // characters of a text that an address holds
const REST = 250; // milliseconds
let pending = null;
const usual = { view: "read", run: "", condition: "", track: "", unit: -1, step: -1, text: null };

export const state = { ...usual };
const listeners = new Set();

export const whenChanged = (listener) => listeners.add(listener);

// Change what is shown. A change of view, run, track or unit is a place to come back to; a key or a step is none, and
// is written into the address when it has come to rest, for a browser takes only so many addresses a second.
export function change(some) {
  const before = { ...state };
  const moved = before.run && ["view", "run", "track", "unit"].some((name) => name in some && before[name] !== some[name]);
  if (moved) settle();
  Object.assign(state, some);
  if (moved) history.pushState(null, "", address());
  else pending ??= setTimeout(settle, REST);
  for (const listener of listeners) listener(state, before);
}

function settle() {
  clearTimeout(pending);
  if (pending !== null) history.replaceState(null, "", address());
  pending = null;
}

addEventListener("pagehide", settle);

export const textIsInAddress = () => (state.text ?? "").length <= LONGEST;

function address() {
  const query = new URLSearchParams();
  const token = new URLSearchParams(location.search).get("token");
  if (token) query.set("token", token);
  for (const [name, value] of Object.entries(state)) {
    if (value !== usual[name] && !(name === "text" && !textIsInAddress())) query.set(name, value);
  }
  return `${location.pathname}?${query}`;
}

export function fromAddress() {
  const query = new URLSearchParams(location.search);
  const some = { ...usual };
  for (const name of Object.keys(usual)) {
    if (!query.has(name)) continue;
    const value = query.get(name);
    const whole = Number.parseInt(value, 10);
    some[name] = typeof usual[name] === "number" ? (Number.isFinite(whole) ? whole : usual[name]) : value;
  }
  return some;
}

addEventListener("popstate", () => {
  clearTimeout(pending);
  pending = null;
  const before = { ...state };
  Object.assign(state, fromAddress());
  if (state.text === null) state.text = before.text;
  for (const listener of listeners) listener(state, before);
});
