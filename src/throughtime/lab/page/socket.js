// Questions to the server. Of questions of one kind one is on its way, and of those that wait only the newest counts.

const waiting = new Map(); // kind -> {asked, resolve}
const underWay = new Map(); // id -> {kind, resolve}
const kinds = new Set(); // kinds that are on their way
let socket, last = 0, whenLost = () => {};

export function connect(lost) {
  whenLost = lost;
  socket = new WebSocket(`ws://${location.host}/socket`);
  socket.binaryType = "arraybuffer";
  socket.addEventListener("message", (event) => answered(unpacked(event.data)));
  socket.addEventListener("close", () => whenLost());
  return new Promise((resolve) => socket.addEventListener("open", resolve, { once: true }));
}

// Resolves to the answer, or to null where a newer question of the same kind has taken its place.
export function ask(kind, more = {}) {
  return new Promise((resolve) => {
    const asked = { ask: kind, ...more };
    if (kinds.has(kind)) {
      waiting.get(kind)?.resolve(null);
      waiting.set(kind, { asked, resolve });
    } else send(kind, asked, resolve);
  });
}

function send(kind, asked, resolve) {
  if (socket.readyState !== WebSocket.OPEN) return whenLost();
  last += 1;
  kinds.add(kind);
  underWay.set(last, { kind, resolve });
  socket.send(JSON.stringify({ id: last, ...asked }));
}

function answered(answer) {
  const { kind, resolve } = underWay.get(answer.id) ?? {};
  if (!kind) return;
  underWay.delete(answer.id);
  kinds.delete(kind);
  const next = waiting.get(kind);
  waiting.delete(kind);
  if (next) send(kind, next.asked, next.resolve);
  resolve(answer);
}

// The header of JSON, and each array as {data: Float32Array, shape}.
export function unpacked(buffer) {
  const size = new DataView(buffer).getUint32(0, true);
  const answer = JSON.parse(new TextDecoder().decode(new Uint8Array(buffer, 4, size)));
  let place = 4 + size;
  const arrays = {};
  for (const [name, shape] of answer.arrays) {
    const count = shape.reduce((one, other) => one * other, 1);
    arrays[name] = { data: new Float32Array(buffer, place, count), shape };
    place += 4 * count;
  }
  return { ...answer, arrays };
}
