// Asks the server, and hears its events. It notices when they stop: a connection can be dead long before the browser says so.

const SILENT_MS = 3000; // the server says something every second
const AGAIN_MS = 1500;

// Return the answer's JSON, {error} where it was refused or there is none; `fields` are posted.
export async function ask(path, fields) {
  const posted = fields && { method: "POST", headers: { "content-type": "application/json" }, body: JSON.stringify(fields) };
  try {
    return await (await fetch(path, posted)).json();
  } catch {
    return { error: "no contact" };
  }
}

// Calls told(kind, fields) for every message, and changed(true or false) when contact is made or lost.
export function listen(path, told, changed) {
  let source, heard = 0, contact = null, again = 0;

  const say = (now) => { if (now !== contact) { contact = now; changed(now); } };
  const hear = (kind) => (message) => {
    heard = performance.now();
    say(true);
    told(kind, JSON.parse(message.data));
  };
  const open = () => {
    source?.close();
    heard = performance.now();
    source = new EventSource(path());
    for (const kind of ["state", "happened", "map"]) source.addEventListener(kind, hear(kind));
    source.onerror = () => {
      say(false);
      if (source.readyState === EventSource.CLOSED) refused();
    };
  };
  // The browser gives up where it was answered with an error: ask why, and try again.
  const refused = async () => {
    try {
      if ((await fetch("/healthz")).status === 401) location.reload(); // the token has changed: be asked for it
    } catch { /* it does not run now */ }
    clearTimeout(again);
    again = setTimeout(open, AGAIN_MS);
  };
  setInterval(() => {
    if (document.hidden || performance.now() - heard < SILENT_MS) return;
    say(false);
    open();
  }, 500);
  document.addEventListener("visibilitychange", () => document.hidden ? source.close() : open());
  open();
  return open;
}
