// The list of the front desk: taps without loading the page again, tickets by camera, by a
// handheld scanner or typed, and what other desks did in the meantime. Everything but the camera
// works without it, by forms.

import { poll } from "./polling.mjs";

const root = document.querySelector("[data-check-in]");
const config = JSON.parse(root.dataset.checkIn);
const words = config.words;
const find = (name) => root.querySelector(`[data-${name}]`);

const list = find("list");
const rows = new Map([...root.querySelectorAll("[data-person]")].map((row) => [row.dataset.person, row]));
const told = find("told");

/** Says what came of a ticket or a tap, large and in its colour. */
function say(answer) {
  told.hidden = false;
  told.className = `door__told is-${answer.tone}`;
  told.dataset.outcome = answer.outcome;
  find("told-text").textContent = answer.text;
  find("told-kana").textContent = answer.kana ?? "";
  const note = find("told-walk-in");
  note.hidden = !answer.walk_in;
  note.elements.person.value = answer.walk_in ?? "";
}

async function post(address, fields) {
  try {
    const response = await fetch(address, {
      method: "POST",
      headers: { Accept: "application/json", "X-CSRFToken": config.csrf },
      body: new URLSearchParams(fields),
      credentials: "same-origin",
      redirect: "manual",
    });
    if (response.headers.get("Content-Type")?.startsWith("application/json")) return await response.json();
    return { outcome: "stopped", tone: "danger", text: words.stopped };
  } catch {
    return { outcome: "offline", tone: "danger", text: words.offline };
  }
}

// --- what stands: this desk's acts and those of others ------------------------------------------

function mark(row, where, at) {
  row.dataset.where = where;
  row.toggleAttribute("data-here", Boolean(at));
  row.querySelector("[data-at]").textContent = at ?? "";
}

const ask = poll(config.state, {
  seconds: 4,
  async take(response) {
    const state = await response.json();
    for (const [person, row] of rows) mark(row, state.where[person] ?? "missing", state.here[person]);
    for (const place of root.querySelectorAll("[data-count]")) {
      place.textContent = state.counts[place.dataset.count];
    }
    narrow();
  },
});

list?.addEventListener("submit", async (event) => {
  const button = event.submitter;
  if (!button?.value) return;
  event.preventDefault();
  button.disabled = true;
  const answer = await post(config.tap, { [button.name]: button.value });
  button.disabled = false;
  button.focus();
  take(answer, false);
});

function take(answer, scroll = true) {
  say(answer);
  const row = rows.get(answer.person);
  if (row && (answer.at || answer.outcome === "undone")) {
    mark(row, answer.at ? "room" : "missing", answer.at);
    row.classList.add("is-fresh");
    setTimeout(() => row.classList.remove("is-fresh"), 2500);
    if (scroll && !row.hidden) row.scrollIntoView({ block: "nearest" });
  }
  ask();
}

// --- finding -------------------------------------------------------------------------------------

const search = root.querySelector("[name=q]");
const show = root.querySelector("select[name=show]");
const whole = !search.value && show.value === "all"; // every row is on the page
let found = null; // the people whom the search found, null for everyone

const wanted = {
  all: () => true,
  waiting: (row) => row.dataset.where === "missing",
  room: (row) => row.dataset.where === "room",
  web: (row) => row.dataset.where === "web",
};

function narrow() {
  if (!whole) return;
  for (const [person, row] of rows) {
    row.hidden = !(wanted[show.value](row) && (found === null || found.has(person)));
  }
}

if (whole) {
  let waiting = null;
  let asked = 0;
  const look = async () => {
    const term = search.value.trim();
    const turn = ++asked;
    if (!term) {
      found = null;
    } else {
      let people;
      try {
        const response = await fetch(`${config.find}?q=${encodeURIComponent(term)}`, { redirect: "manual" });
        people = new Set((await response.json()).people);
      } catch { // no connection: what is written on the page must do
        const plain = term.toLowerCase();
        people = new Set([...rows].filter(([, row]) => row.textContent.toLowerCase().includes(plain)).map(([key]) => key));
      }
      if (turn !== asked) return;
      found = people;
    }
    narrow();
  };
  search.addEventListener("input", (event) => {
    if (event.isComposing) return;
    clearTimeout(waiting);
    waiting = setTimeout(look, 150);
  });
  search.addEventListener("compositionend", look);
  show.addEventListener("change", narrow);
}

// --- tickets -------------------------------------------------------------------------------------

const form = find("ticket");
const code = form.elements.code;

async function ticket(text) {
  take(await post(config.ticket, { code: text }));
}

form.addEventListener("submit", async (event) => {
  event.preventDefault();
  const text = code.value.trim();
  code.value = "";
  code.focus();
  if (text) await ticket(text);
});

// A handheld scanner types like a keyboard, wherever the cursor happens to be.
document.addEventListener("keydown", (event) => {
  const typing = event.target.closest?.("input, select, textarea, button, a, [contenteditable]");
  if (typing || event.ctrlKey || event.metaKey || event.altKey || event.key.length !== 1) return;
  code.focus();
});

const video = find("video");
const camera = find("camera");
let stream = null;
let last = { text: "", at: 0 };

/** The browser's own reader where it reads QR codes, else the one that comes with the page. */
async function reader() {
  const own = globalThis.BarcodeDetector;
  if (own && (await own.getSupportedFormats().catch(() => [])).includes("qr_code")) {
    return new own({ formats: ["qr_code"] });
  }
  const { BarcodeDetector } = await import(config.decoder);
  return new BarcodeDetector({ formats: ["qr_code"] });
}

function stop() {
  for (const track of stream?.getTracks() ?? []) track.stop();
  stream = null;
  video.srcObject = null;
  video.hidden = true;
  camera.querySelector("[data-camera-off]").hidden = false;
  camera.querySelector("[data-camera-on]").hidden = true;
}

async function start() {
  let media;
  try {
    media = await navigator.mediaDevices.getUserMedia({
      audio: false,
      video: { facingMode: { ideal: "environment" }, width: { ideal: 1280 }, height: { ideal: 720 } },
    });
  } catch (error) {
    const text = error?.name === "NotAllowedError" ? words.denied : words.none;
    say({ outcome: "camera", tone: "danger", text });
    return;
  }
  stream = media;
  video.srcObject = stream;
  video.hidden = false;
  camera.querySelector("[data-camera-off]").hidden = true;
  camera.querySelector("[data-camera-on]").hidden = false;
  await video.play();
  const detector = await reader();
  while (stream === media) {
    if (!document.hidden && video.readyState >= HTMLMediaElement.HAVE_CURRENT_DATA) {
      const [seen] = await detector.detect(video).catch(() => []);
      // One ticket held up is one showing, until it was away for three seconds.
      const fresh = seen && (seen.rawValue !== last.text || Date.now() - last.at > 3000);
      if (seen) last = { text: seen.rawValue, at: Date.now() };
      if (fresh) {
        navigator.vibrate?.(80);
        await ticket(seen.rawValue);
        last.at = Date.now();
      }
    }
    await new Promise((resolve) => { setTimeout(resolve, 120); });
  }
}

camera.addEventListener("click", () => { if (stream) stop(); else start(); });
window.addEventListener("pagehide", stop);
