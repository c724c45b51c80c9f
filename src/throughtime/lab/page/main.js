// The page: which run is read, what was typed, and which view looks at it.

import { byId, complain, el, number, shown } from "./dom.js";
import { css, whenTheme } from "./drawing/colours.js";
import * as paper from "./paper.js";
import { reading, take } from "./reading.js";
import { ask, connect } from "./socket.js";
import { change, fromAddress, state, textIsInAddress, whenChanged } from "./state.js";
import { Read } from "./views/read.js";
import { Touch } from "./views/touch.js";
import { Vanish } from "./views/vanish.js";
import { Walk } from "./views/walk.js";
import { words } from "./words.js";

const MOST_TEXT = 20000;
const VIEWS = { read: Read, walk: Walk, touch: Touch, vanish: Vanish };
const runs = new Map();
let view = null, drawnView = "", lent = null; // lent: what colours the text in place of a unit

// What the views are given: the run, the step, and ways to colour the text by something else.
const page = {
  get run() { return runs.get(state.run); },
  get step() { return state.step < 0 || state.step >= reading.steps ? reading.steps - 1 : state.step; },
  get unit() { return state.unit < 0 ? reading.lively : Math.min(state.unit, reading.width - 1); },
  get lane() { return reading.name.slice(reading.name.indexOf("_") + 1); },
  asked: (kind, more) => ask(kind, { run: state.run, text: reading.text, condition: state.condition || null, at: page.step, ...more }),
  said: (step) => (reading.piece(step) === "" ? words.start : words.after(`“${shown(reading.piece(step))}”`)),
  colourBy(valueOf, scale) { lent = valueOf ? { valueOf, scale } : null; recolour(); },
};

async function begin() {
  name();
  await connect(() => complain(words.lost));
  const answer = await ask("runs");
  for (const run of answer.runs) runs.set(run.name, run);
  byId("run").replaceChildren(...[...runs.keys()].map((each) => el("option", {}, each)));
  const some = fromAddress();
  if (some.run && !runs.has(some.run)) complain(words.noRun(some.run));
  if (!runs.has(some.run)) some.run = [...runs.keys()][0];
  listen();
  whenChanged(follow);
  change(fitted(some));
}

// What is asked for, as far as the run has it.
function fitted(some) {
  const run = runs.get(some.run);
  const last = run.lanes.at(-1);
  const track = some.track in run.tracks ? some.track : `${run.carried[0]}_${last}`;
  const there = possible(run);
  return { ...some, track, view: there.includes(some.view) ? some.view : "read", text: some.text ?? run.text,
    condition: run.conditions.includes(some.condition) ? some.condition : run.conditions[0] ?? "",
    unit: Math.min(some.unit, run.tracks[track] - 1) };
}

const possible = (run) => Object.keys(VIEWS).filter((each) => each === "read" || each === "vanish" || run[each === "walk" ? "walks" : "touches"]);

function follow(now, before) {
  if (!runs.has(now.run)) return change(fitted({ ...now, run: [...runs.keys()][0] }));
  if (now.run !== before.run) showRun();
  showControls();
  paper.write(now.text);
  if (now.view !== drawnView || now.run !== before.run) openView();
  if (["run", "text", "track", "condition"].some((each) => now[each] !== before[each])) read();
  else {
    if (now.unit !== before.unit) recolour();
    if (now.unit !== before.unit || now.step !== before.step) showStep(now.unit !== before.unit);
  }
}

async function read() {
  const { run, text, track, condition } = state;
  if (text.length > MOST_TEXT) return complain(words.tooLong(text.length.toLocaleString("en"), MOST_TEXT.toLocaleString("en")));
  const began = performance.now();
  const answer = await ask("read", { run, text, track, condition: condition || null });
  if (!answer || run !== state.run) return;
  if (answer.error) return complain(answer.error);
  complain([...answer.notes, ...(textIsInAddress() ? [] : [words.notInUrl])].join(" "));
  const scaleBefore = JSON.stringify(reading.scale), lentBefore = lent;
  lent = null;
  const first = take(answer, text, track, page.run.tracks[track], page.run.carried);
  paper.layOut(first);
  recolour(lentBefore || JSON.stringify(reading.scale) !== scaleBefore ? 0 : first);
  view.update?.(first);
  showStep(true);
  byId("text").dataset.milliseconds = (performance.now() - began).toFixed(1);
  byId("text").dataset.read = text.length;
}

function recolour(first = 0) {
  const { valueOf, scale } = lent ?? { valueOf: (step) => reading.value(step, page.unit), scale: reading.scale };
  paper.colour(valueOf, scale, first);
  const ends = scale.gate ? [words.shut, words.open] : [`${number(scale.low)}`, words.zero, `${number(scale.high)}`];
  const steps = scale.gate ? [0, 1] : [scale.low, 0, scale.high];
  byId("scale").replaceChildren(...ends.flatMap((each, place) => [el("i", { style: { background: css(scale, steps[place]) } }), each]));
}

function showStep(unitToo) {
  if (!reading.steps) return;
  paper.show(page.step);
  byId("unit").value = page.unit;
  byId("step").max = reading.steps - 1;
  byId("step").value = page.step;
  byId("where").textContent = `${words.value(reading.name, page.unit, number(reading.value(page.step, page.unit)))}, ${page.said(page.step)}`;
  view.step?.(unitToo);
}

function openView() {
  drawnView = state.view;
  lent = null;
  byId("view").replaceChildren();
  view = new VIEWS[state.view](page, byId("view"));
  for (const tab of byId("views").children) tab.setAttribute("aria-selected", tab.dataset.view === state.view);
  if (reading.steps && page.run && reading.name === state.track) { view.update?.(0); recolour(); showStep(true); }
}

function showRun() {
  const run = runs.get(state.run);
  byId("read-hint").textContent = words.hints[run.task];
  byId("condition-label").hidden = !run.conditions.length;
  byId("condition").replaceChildren(...run.conditions.map((each) => el("option", {}, each)));
  const groups = run.lanes.map((lane) => el("optgroup", { label: words.lane(lane) },
    ...Object.keys(run.tracks).filter((each) => each.endsWith(`_${lane}`) && each.slice(0, -lane.length - 1).indexOf("_") < 0)
      .map((each) => el("option", { value: each }, `${words.parts[each.split("_")[0]] ?? each} (${each})`))));
  byId("track").replaceChildren(...groups);
  byId("views").replaceChildren(...possible(run).map((each) =>
    el("button", { role: "tab", type: "button", "data-view": each, "aria-controls": "view", onclick: () => change({ view: each }) }, words.views[each])));
  reading.name = "";
}

function showControls() {
  byId("run").value = state.run;
  byId("condition").value = state.condition;
  byId("track").value = state.track;
  byId("unit").max = runs.get(state.run).tracks[state.track] - 1;
}

function name() {
  const texts = { title: words.title, "run-word": words.run, "condition-word": words.condition, "read-word": words.read,
    "track-word": words.track, "unit-word": words.unit, "step-word": words.step };
  for (const [each, text] of Object.entries(texts)) byId(each).textContent = text;
  byId("text").setAttribute("aria-label", words.text);
}

function listen() {
  paper.listen({
    typed: (text) => change({ text, step: -1 }),
    pointed: (step) => { if (step !== page.step) change({ step }); },
    placed: (step) => { if (step !== page.step && reading.text === state.text) change({ step: step === reading.steps - 1 ? -1 : step }); },
  });
  byId("run").addEventListener("change", (event) => change(fitted({ ...state, run: event.target.value, text: null, step: -1, track: "", unit: -1 })));
  byId("condition").addEventListener("change", (event) => change({ condition: event.target.value }));
  byId("track").addEventListener("change", (event) => change(fitted({ ...state, track: event.target.value })));
  for (const [each, most] of [["unit", () => reading.width], ["step", () => reading.steps]])
    byId(each).addEventListener("input", (event) => {
      const value = Number.parseInt(event.target.value, 10);
      if (value >= 0 && value < most()) change({ [each]: value });
    });
  whenTheme(() => { view.repaint?.(); view.update?.(0); recolour(); showStep(true); });
}

begin();
