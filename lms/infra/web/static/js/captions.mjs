// Captions written beside the film: rows instead of a text, the row of this moment marked, times
// taken from the player, every row checked by the server while it is written.

const form = document.querySelector("[data-captions-form]");
const config = JSON.parse(document.querySelector("[data-captions-page]").dataset.captionsPage);
const words = config.words;
const text = form.elements.captions;
const revision = form.elements.revision;
const rows = form.querySelector("[data-rows]");
const state = form.querySelector("[data-state]");
const undoButton = form.querySelector("[data-act=undo]");
const player = document.querySelector("[data-player]");
const kept = document.querySelector("[data-kept]");
const keptName = `tomoni captions ${config.key}`;

let cues = []; // {start, end, text, settings}; start and end null where they cannot be read
let chosen = 0;
let playing = -1;
let now = 0;
let stored = "";
let storing = false;
const history = [];

const two = (number) => String(number).padStart(2, "0");

/** 0:12.500, 1:02:03.000 */
function clock(ms) {
  if (ms === null) return "";
  const [h, m, s] = [Math.floor(ms / 3_600_000), Math.floor(ms / 60_000) % 60, Math.floor(ms / 1000) % 60];
  const rest = String(ms % 1000).padStart(3, "0");
  return `${h ? `${h}:${two(m)}` : m}:${two(s)}.${rest}`;
}

/** ms of a time as people write it, or null. */
function momentOf(written) {
  const plain = written.normalize("NFKC").trim().replace(",", ".");
  const match = /^(?:(\d{1,3}):)?(\d{1,3}):([0-5]?\d)(?:\.(\d{1,3}))?$/.exec(plain);
  if (!match) return null;
  const [, h, m, s, fraction] = match;
  return ((Number(h ?? 0) * 60 + Number(m)) * 60 + Number(s)) * 1000 + Number((fraction ?? "0").padEnd(3, "0"));
}

const stampOf = (ms) => `${two(Math.floor(ms / 3_600_000))}:${two(Math.floor(ms / 60_000) % 60)}:${two(Math.floor(ms / 1000) % 60)}.${String(ms % 1000).padStart(3, "0")}`;

function read(vtt) {
  return vtt.replace(/\r\n?/g, "\n").split(/\n{2,}/).slice(1).flatMap((block) => {
    const lines = block.split("\n");
    const place = lines.findIndex((line) => line.includes("-->"));
    const match = /^\s*([\d:.,]+)\s+-->\s+([\d:.,]+)\s*(.*)$/.exec(lines[place] ?? "");
    if (!match) return [];
    return [{ start: momentOf(match[1]), end: momentOf(match[2]), text: lines.slice(place + 1).join("\n").trim(), settings: match[3] }];
  });
}

function write() {
  const blocks = cues.map((cue) => `${stampOf(cue.start ?? 0)} --> ${stampOf(cue.end ?? 0)} ${cue.settings}`.trimEnd() + `\n${cue.text.replace(/\n\s*\n+/g, "\n").trim()}`);
  return ["WEBVTT", ...blocks].join("\n\n") + "\n";
}

// --------------------------------------------------------------------------------------- rows

function element(name, values, ...children) {
  const made = Object.assign(document.createElement(name), values);
  made.append(...children);
  return made;
}

function timeField(cue, name) {
  const field = element("input", { className: "input", type: "text", value: clock(cue[name]), inputMode: "text", autocomplete: "off" });
  field.dataset[name] = "";
  field.addEventListener("change", () => {
    remember();
    cue[name] = momentOf(field.value);
    if (cue[name] !== null) field.value = clock(cue[name]);
    field.setAttribute("aria-invalid", String(cue[name] === null));
    changed();
  });
  return element("label", { className: "captions-row__time" }, element("span", { textContent: words[name] }), field);
}

function rowOf(cue) {
  const area = element("textarea", { className: "input", value: cue.text, rows: 2 });
  area.setAttribute("aria-label", words.text);
  area.addEventListener("focus", remember);
  area.addEventListener("input", () => {
    cue.text = area.value;
    changed();
  });
  const remarks = element("p", { className: "captions-row__remarks" });
  remarks.setAttribute("role", "status");
  const row = element("li", { className: "captions-row" }, element("div", { className: "captions-row__times" }, timeField(cue, "start"), timeField(cue, "end")), area, remarks);
  row.addEventListener("focusin", () => choose(placeOf(row)));
  return row;
}

const placeOf = (row) => [...rows.children].indexOf(row);

function choose(place) {
  chosen = Math.max(0, Math.min(place, cues.length - 1));
  rows.querySelector(".is-chosen")?.classList.remove("is-chosen");
  rows.children[chosen]?.classList.add("is-chosen");
}

function draw(focus = null) {
  rows.replaceChildren(...cues.map(rowOf));
  [...rows.children].forEach((row, place) => row.setAttribute("aria-label", words.number.replace("{number}", place + 1)));
  choose(chosen);
  playing = -1;
  follow();
  if (focus !== null) rows.children[chosen]?.querySelector(focus)?.focus();
}

/** Keeps what there is now, so that an act can be taken back. */
function remember() {
  const copy = JSON.stringify(cues);
  if (history.at(-1) === copy) return;
  history.push(copy);
  if (history.length > 50) history.shift();
  undoButton.disabled = false;
}

// --------------------------------------------------------------------------------------- acts

const acts = {
  play: () => player?.dispatchEvent(new CustomEvent("player-seek", { detail: cues[chosen]?.start ?? 0 })),
  start: () => setTime("start"),
  end: () => setTime("end"),
  insert() {
    const before = cues[chosen];
    const start = Math.max(before?.end ?? 0, player && now > (before?.end ?? 0) ? now : 0);
    const next = cues[chosen + 1]?.start ?? Infinity;
    const place = before ? chosen + 1 : 0;
    cues.splice(place, 0, { start, end: Math.max(start + 500, Math.min(start + 3000, next)), text: "", settings: "" });
    chosen = place;
    draw("textarea");
  },
  /** At the cursor in the words; in time where the film stands, else in proportion. */
  split() {
    const cue = cues[chosen];
    if (!cue || cue.start === null || cue.end === null) return;
    const area = rows.children[chosen].querySelector("textarea");
    const at = area.selectionStart > 0 && area.selectionStart < cue.text.length ? area.selectionStart : Math.ceil(cue.text.length / 2);
    const share = cue.text.length ? at / cue.text.length : 0.5;
    const middle = now > cue.start && now < cue.end ? now : Math.round(cue.start + (cue.end - cue.start) * share);
    cues.splice(chosen, 1, { ...cue, end: middle, text: cue.text.slice(0, at).trim() }, { ...cue, start: middle, text: cue.text.slice(at).trim() });
    draw("textarea");
  },
  merge() {
    const [one, other] = [cues[chosen], cues[chosen + 1]];
    if (!one || !other) return;
    cues.splice(chosen, 2, { ...one, end: other.end, text: [one.text, other.text].filter(Boolean).join("\n") });
    draw("textarea");
  },
  remove() {
    cues.splice(chosen, 1);
    draw("textarea");
  },
};

function setTime(name) {
  const cue = cues[chosen];
  if (!cue || !player) return;
  cue[name] = Math.round(now);
  const field = rows.children[chosen].querySelector(`[data-${name}]`);
  field.value = clock(cue[name]);
  field.removeAttribute("aria-invalid");
}

function act(name) {
  if (name === "undo") {
    const here = JSON.stringify(cues);
    let before = history.pop();
    while (before === here) before = history.pop();
    if (before) cues = JSON.parse(before);
    undoButton.disabled = !history.length;
    draw("textarea");
    changed();
    return;
  }
  if (name !== "play") remember();
  acts[name]();
  if (name !== "play") changed();
}

form.querySelector("[data-tools]").addEventListener("click", (event) => {
  const name = event.target.closest("[data-act]")?.dataset.act;
  if (name) act(name);
});

const KEYS = { p: "play", b: "start", e: "end", i: "insert", s: "split", m: "merge" };

form.addEventListener("keydown", (event) => {
  if (!event.altKey || event.ctrlKey || event.metaKey) return;
  const name = KEYS[event.code.replace(/^Key/, "").toLowerCase()];
  if (!name) return;
  event.preventDefault();
  act(name);
});

// ------------------------------------------------------------------------------------ the film

/** Marks the row of this moment, and brings it into view while nobody writes. */
function follow() {
  const place = cues.findIndex((cue) => cue.start !== null && cue.start <= now && now < (cue.end ?? cue.start));
  if (place === playing) return;
  rows.querySelector("[aria-current]")?.removeAttribute("aria-current");
  playing = place;
  const row = rows.children[place];
  if (!row) return;
  row.setAttribute("aria-current", "true");
  if (!rows.contains(document.activeElement)) rows.scrollTop = row.offsetTop - rows.offsetTop - rows.clientHeight / 3;
}

player?.addEventListener("player-time", (event) => {
  now = event.detail;
  follow();
});

// -------------------------------------------------------------------------- checking and storing

let checking = 0;
let turn = 0;

function changed() {
  const vtt = write();
  state.textContent = vtt === stored ? "" : words.unsaved;
  try {
    if (vtt === stored) localStorage.removeItem(keptName);
    else localStorage.setItem(keptName, JSON.stringify({ revision: revision.value, vtt }));
  } catch { /* not kept, then */ }
  clearTimeout(checking);
  checking = setTimeout(check, 600);
}

const post = (address, body, more) => fetch(address, {
  method: "POST", credentials: "same-origin", body,
  headers: { "X-CSRFToken": form.elements.csrf_token.value, Accept: "application/json", ...more },
});

async function check() {
  const mine = (turn += 1);
  const body = JSON.stringify({ cues: cues.map((cue) => [cue.start ?? 0, cue.end ?? 0, cue.text]) });
  let found;
  try {
    const response = await post(config.check, body, { "Content-Type": "application/json" });
    if (!response.ok || mine !== turn) return;
    found = (await response.json()).remarks;
  } catch {
    return; // advice can wait
  }
  if (mine !== turn) return;
  const told = new Map();
  for (const one of found) told.set(one.place, [...(told.get(one.place) ?? []), one]);
  [...rows.children].forEach((row, place) => {
    const cue = cues[place];
    const unread = cue.start === null || cue.end === null;
    const remarks = unread ? [{ text: words.time, forbids: true }] : told.get(place) ?? [];
    const box = row.lastElementChild;
    const sentence = remarks.map((one) => one.text).join(" ");
    if (box.textContent !== sentence) box.textContent = sentence;
    box.classList.toggle("is-wrong", remarks.some((one) => one.forbids));
  });
}

function tell(sentence, link = null) {
  state.textContent = sentence;
  if (link) state.append(" ", element("a", { href: link, target: "_blank", rel: "noopener", textContent: words.newer }));
}

form.addEventListener("submit", async (event) => {
  event.preventDefault();
  if (storing) return; // one after the other: the second would come from an older state
  if (cues.some((cue) => cue.start === null || cue.end === null)) {
    tell(words.time);
    rows.querySelector("[aria-invalid=true]")?.focus();
    return;
  }
  const shown = [...cues];
  cues.sort((one, other) => one.start - other.start);
  if (cues.some((cue, place) => cue !== shown[place])) {
    draw(); // a row stands for the caption at its place, whatever the answer will be
    check();
  }
  const sent = write();
  text.value = sent;
  let response, answer;
  storing = true;
  try {
    response = await post(form.action, new FormData(form));
    answer = await response.json();
  } catch {
    tell(words.lost);
    return;
  } finally {
    storing = false;
  }
  if (!response.ok) {
    tell(answer.message ?? words.lost, response.status === 409 ? answer.newer : null);
    return;
  }
  revision.value = answer.revision;
  if (write() !== sent) { // somebody wrote on meanwhile: that is still to be stored
    stored = sent;
    changed();
    return;
  }
  text.value = answer.captions;
  cues = read(answer.captions);
  stored = write();
  try { localStorage.removeItem(keptName); } catch { /* nothing was kept */ }
  draw();
  tell(answer.message);
  check();
});

window.addEventListener("beforeunload", (event) => {
  if (write() !== stored) event.preventDefault();
});

// ---------------------------------------------------------------------------------------- begin

function begin() {
  cues = read(text.value);
  stored = write();
  // What came back refused is not stored.
  if (form.querySelector(".field--error, [aria-invalid=true]")) stored = "";
  form.querySelector("[data-editor]").hidden = false;
  form.querySelector("[data-plain]").hidden = true;
  draw();
  if (!cues.length) state.textContent = words.none;
  check();
  let before = null;
  try { before = JSON.parse(localStorage.getItem(keptName)); } catch { /* nothing was kept */ }
  if (!before || before.vtt === stored) return;
  kept.hidden = false;
  kept.querySelector("[data-kept-take]").addEventListener("click", () => {
    remember();
    cues = read(before.vtt);
    revision.value = before.revision;
    kept.hidden = true;
    draw();
    changed();
  });
  kept.querySelector("[data-kept-drop]").addEventListener("click", () => {
    try { localStorage.removeItem(keptName); } catch { /* nothing was kept */ }
    kept.hidden = true;
  });
}

begin();
