// Elements in few words, and what every view shares.

export const byId = (name) => document.getElementById(name);

export function el(tag, props = {}, ...children) {
  const made = document.createElement(tag);
  fill(made, props);
  made.append(...children.filter((child) => child !== null));
  return made;
}

export function svg(tag, props = {}, ...children) {
  const made = document.createElementNS("http://www.w3.org/2000/svg", tag);
  fill(made, props);
  made.append(...children);
  return made;
}

function fill(made, props) {
  for (const [name, value] of Object.entries(props)) {
    if (name.startsWith("on")) made.addEventListener(name.slice(2), value);
    else if (name === "style") for (const [key, each] of Object.entries(value)) made.style.setProperty(key, each);
    else if (value !== null && value !== false) made.setAttribute(name, value === true ? "" : value);
  }
}

export const number = (value) => {
  if (value === 0) return "0";
  const size = Math.abs(value);
  return size >= 0.001 && size < 10000 ? String(Number(value.toPrecision(3))) : value.toExponential(2);
};

// A token for people: blanks are seen.
export const shown = (text) => (text === "" ? "∅" : text.replaceAll("\n", "↵").replaceAll("\t", "⇥").replaceAll(" ", "␣"));

export function complain(message) {
  const place = byId("message");
  place.hidden = !message;
  place.textContent = message ?? "";
}

// Bars of probabilities: [{name, shares: [..]}], a bar for each share.
export function bars(rows, names = [""]) {
  const body = el("tbody");
  for (const { name, shares } of rows) {
    const cells = shares.map((share, place) =>
      el("td", {}, el("span", { class: `bar bar${place}`, style: { width: `${(100 * share).toFixed(2)}%` } }),
        el("span", { class: "share" }, `${(100 * share).toFixed(1)} %`)));
    body.append(el("tr", {}, el("th", { scope: "row" }, name), ...cells));
  }
  const head = names.length > 1 ? el("thead", {}, el("tr", {}, el("td"), ...names.map((each) => el("th", { scope: "col" }, each)))) : null;
  return el("table", { class: "bars" }, head, body);
}
