// Reads an answer that comes in parts, or in one.

/** Each part of the answer as it comes. */
export async function* parts(answer) {
  const boundary = /^multipart\/mixed.*;\s*boundary="?([^";]+)"?/i.exec(answer.headers.get("content-type"))?.[1];
  if (!boundary) return yield await answer.json();
  let text = "";
  for await (const chunk of answer.body.pipeThrough(new TextDecoderStream())) {
    const whole = (text + chunk).split(`\r\n--${boundary}`);
    text = whole.pop();
    for (const part of whole) {
      const [, body] = part.split("\r\n\r\n");
      if (body) yield JSON.parse(body);
    }
  }
  if (!text.startsWith("--")) throw new TypeError("the answer broke off");
}
