// Plays a client's steps in their order and writes a line of JSON about each.
import { inspect } from "node:util";

/** Each of `steps` is a sentence and what does it; all are tried. */
export async function play(steps) {
  for (const [step, work] of Object.entries(steps)) {
    console.log(JSON.stringify({ step, error: await outcome(work) }));
  }
  // Whatever a client still holds open ends here.
  process.exit(0);
}

async function outcome(work) {
  try {
    await within(20_000, work());
    return null;
  } catch (error) {
    return inspect(error);
  }
}

async function within(milliseconds, work) {
  let timer;
  const late = new Promise((_, refuse) => {
    timer = setTimeout(() => refuse(new Error(`not done after ${milliseconds} ms`)), milliseconds);
  });
  return Promise.race([work, late]).finally(() => clearTimeout(timer));
}
