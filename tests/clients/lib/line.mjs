// A line to the gateway that is slow and can be cut, as a phone's in a tunnel.
import { connect, createServer } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";

import { URL_OF_GATEWAY } from "./shop.mjs";

const AWAY_MS = 600;
// Less than an event, once it is compressed: so those of the past do not come all at once, before any cut.
const PIECE_BYTES = 40;
const PIECE_MS = 2;

/** `url` leads to the gateway; `cut()` ends what is open without a word, and refuses what is new for a while. */
export async function openLine() {
  const { hostname, port } = new URL(URL_OF_GATEWAY);
  const open = new Set();
  const line = { url: "", cuts: 0, connections: 0, cut };
  let away = false;

  function cut() {
    line.cuts += 1;
    away = true;
    for (const socket of open) socket.resetAndDestroy();
    setTimeout(() => (away = false), AWAY_MS);
  }

  const server = createServer((near) => {
    if (away) return near.resetAndDestroy();
    line.connections += 1;
    const far = connect(Number(port), hostname);
    for (const [socket, other] of [[near, far], [far, near]]) {
      open.add(socket);
      socket.on("error", () => {});
      socket.on("close", () => (open.delete(socket), other.destroySoon()));
    }
    near.pipe(far);
    trickle(far, near).catch(() => near.destroy());
  });
  await new Promise((listening) => server.listen(0, "127.0.0.1", listening));
  line.url = `http://127.0.0.1:${server.address().port}`;
  return line;
}

async function trickle(from, to) {
  for await (const chunk of from) {
    for (let at = 0; at < chunk.length; at += PIECE_BYTES) {
      to.write(chunk.subarray(at, at + PIECE_BYTES));
      await sleep(PIECE_MS);
    }
  }
  to.end();
}
