// Reads motion JPEG part by part, so that the page knows of each frame when it came and whether it is one of now.

const AGAIN_MS = 1000;
const decoder = new TextDecoder("latin1");

// Calls shown(bitmap, {number, live}) for each picture of path(), for ever; returns what begins anew.
export function watch(path, shown) {
  let abort = new AbortController(), run = 0;

  const live = async (mine) => {
    while (mine === run) {
      try {
        const answer = await fetch(path(), { signal: abort.signal, cache: "no-store" });
        if (answer.ok) for await (const part of parts(answer.body.getReader())) await show(part, mine);
      } catch { /* cut off: again */ }
      await new Promise((done) => setTimeout(done, AGAIN_MS));
    }
  };
  const show = async ({ headers, bytes }, mine) => {
    const bitmap = await createImageBitmap(new Blob([bytes], { type: "image/jpeg" }));
    if (mine === run) shown(bitmap, { number: +headers["x-frame"], live: headers["x-live"] === "yes" });
    bitmap.close();
  };
  const begin = () => {
    abort.abort();
    abort = new AbortController();
    run += 1;
    if (!document.hidden) live(run);
  };
  document.addEventListener("visibilitychange", begin);
  begin();
  return begin;
}

async function* parts(reader) {
  let rest = new Uint8Array(0);
  const more = async () => {
    const { done, value } = await reader.read();
    if (done) throw new Error("cut off");
    const longer = new Uint8Array(rest.length + value.length);
    longer.set(rest);
    longer.set(value, rest.length);
    rest = longer;
  };
  for (;;) {
    let end;
    while ((end = endOfHead(rest)) < 0) await more();
    const headers = Object.fromEntries(decoder.decode(rest.subarray(0, end)).split("\r\n").filter((line) => line.includes(": "))
      .map((line) => [line.slice(0, line.indexOf(": ")).toLowerCase(), line.slice(line.indexOf(": ") + 2)]));
    const start = end + 4, length = +headers["content-length"];
    while (rest.length < start + length + 2) await more();
    const bytes = rest.slice(start, start + length);
    rest = rest.slice(start + length + 2);
    yield { headers, bytes };
  }
}

function endOfHead(bytes) {
  for (let at = 0; at + 3 < bytes.length; at++)
    if (bytes[at] === 13 && bytes[at + 1] === 10 && bytes[at + 2] === 13 && bytes[at + 3] === 10) return at;
  return -1;
}
