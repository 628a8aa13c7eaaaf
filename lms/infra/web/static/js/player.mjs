// The player: plays what the server lends, counts what was really played, and reports it.
//
// Times named *Ms are milliseconds of the uncut recording unless they say "player". The server
// gives the map between the two, as hidden parts are left out of the playlist.

const REPORT_EVERY = 30_000;
const MAX_INTERVALS = 200;
const KEPT = 24 * 3_600_000;
const JUMP = 1_500; // a step between two time updates that is no playing (player ms, at speed 1)
const RATES = [0.5, 0.75, 1, 1.25, 1.5, 1.75, 2];

const root = document.querySelector("[data-player]");
const config = JSON.parse(root.dataset.player);
const words = config.words;
const find = (name) => root.querySelector(`[data-${name}]`);
const fill = (text, values) => text.replace(/\{(\w+)\}/g, (whole, name) => values[name] ?? whole);

const video = find("video");
const frame = find("frame");
const overlay = find("overlay");
const controls = find("controls");
const seek = find("seek");
const languages = find("language");
const captionsBox = find("captions");

/** 34:10, 1:02:03 */
function clock(ms) {
  const seconds = Math.floor(ms / 1000);
  const two = (number) => String(number).padStart(2, "0");
  const [h, m, s] = [Math.floor(seconds / 3600), Math.floor(seconds / 60) % 60, seconds % 60];
  return h ? `${h}:${two(m)}:${two(s)}` : `${m}:${two(s)}`;
}

// ---------------------------------------------------------------------- time of the uncut film

let map = []; // [player ms, uncut ms, length]

function toUncut(playerMs) {
  const piece = map.findLast(([from]) => playerMs >= from) ?? map[0];
  if (!piece) return Math.round(playerMs);
  return Math.round(piece[1] + Math.min(Math.max(playerMs - piece[0], 0), piece[2]));
}

function toPlayer(uncutMs) {
  const piece = map.find(([, from, length]) => uncutMs < from + length) ?? map.at(-1);
  if (!piece) return uncutMs;
  return piece[0] + Math.max(0, Math.min(uncutMs - piece[1], piece[2]));
}

/** What was played between two player times, without what lies hidden between the pieces. */
function uncutIntervals(fromMs, untilMs) {
  if (!map.length) return [[Math.round(fromMs), Math.round(untilMs)]];
  return map
    .map(([player, uncut, length]) => [
      Math.round(uncut + Math.max(0, fromMs - player)),
      Math.round(uncut + Math.min(length, untilMs - player)),
    ])
    .filter(([a, b]) => b > a);
}

// ------------------------------------------------------------------------- what was not sent yet

/** Reports wait in IndexedDB, so that an outage or a closed page loses nothing. */
class Queue {
  #memory = new Map();
  #next = 1;
  #opening = null;

  #database() {
    this.#opening ??= new Promise((resolve) => {
      let request;
      try {
        request = indexedDB.open("tomoni-watching", 1);
      } catch {
        resolve(null); // private windows of some browsers
        return;
      }
      request.onupgradeneeded = () => request.result.createObjectStore("reports", { keyPath: "key" });
      request.onsuccess = () => resolve(request.result);
      request.onerror = () => resolve(null);
    });
    return this.#opening;
  }

  async #run(mode, work) {
    const database = await this.#database();
    if (!database) return null;
    return new Promise((resolve) => {
      const transaction = database.transaction("reports", mode);
      const request = work(transaction.objectStore("reports"));
      transaction.oncomplete = () => resolve(request.result);
      transaction.onerror = transaction.onabort = () => resolve(null);
    });
  }

  put(report) {
    report.key ??= `${Date.now()}-${Math.random().toString(36).slice(2)}-${this.#next++}`;
    this.#memory.set(report.key, report);
    return this.#run("readwrite", (store) => store.put(report));
  }

  remove(report) {
    this.#memory.delete(report.key);
    return this.#run("readwrite", (store) => store.delete(report.key));
  }

  /** All reports of this person on this recording, oldest first. */
  async list() {
    const kept = (await this.#run("readonly", (store) => store.getAll())) ?? [];
    for (const report of kept) if (!this.#memory.has(report.key)) this.#memory.set(report.key, report);
    return [...this.#memory.values()]
      .filter((r) => r.person === config.person && r.recording === config.recording && r.version === config.version)
      .sort((a, b) => a.at - b.at);
  }
}

const queue = new Queue();

// --------------------------------------------------------------------------- the play session

let play = null; // the server's answer, while playing
let sequence = 0;
let hls = null;
let leaseTimer = 0;
let reportTimer = 0;
let reopened = 0;
let sending = null;
let startsAt = null; // where playing is to begin (ms of the uncut film), until it has

const headers = () => ({ "Content-Type": "application/json", "X-CSRFToken": config.csrf });

async function post(address, body, more = {}) {
  return fetch(address, {
    method: "POST", headers: headers(), body: JSON.stringify(body), credentials: "same-origin", ...more,
  });
}

const readJson = (response) => response.json().catch(() => ({}));

/** Shows a sentence over the picture; `action` is the text of the button, none for no button. */
function say(message, { steps = [], action = words.again, restart = false } = {}) {
  overlay.hidden = false;
  find("message").textContent = message;
  const list = find("steps");
  list.replaceChildren(...steps.map((step) => Object.assign(document.createElement("li"), { textContent: step })));
  list.hidden = !steps.length;
  find("begin").hidden = !action;
  find("begin-text").textContent = action ?? "";
  find("restart").hidden = !restart;
}

/** Takes the film away from the page: what was fetched ahead is not played any more. */
function detach() {
  clearInterval(reportTimer);
  clearTimeout(leaseTimer);
  tracker.stop();
  hls?.destroy();
  hls = null;
  video.pause();
  video.removeAttribute("src");
  video.load();
  controls.hidden = true;
  captionsBox.hidden = true;
  if (document.fullscreenElement) document.exitFullscreen().catch(() => {});
}

function stop(message, more) {
  detach();
  play = null;
  say(message, more);
}

async function begin({ position = null, autoplay = true } = {}) {
  say(words.playing, { action: null });
  const country = document.querySelector("[data-country]")?.value;
  let answer;
  try {
    const response = await post(config.start, country ? { country } : {});
    answer = await readJson(response);
    if (!response.ok) {
      say(answer.message ?? words.broken, { steps: answer.steps });
      return;
    }
  } catch {
    say(words.lost);
    return;
  }
  play = answer;
  sequence = 0;
  map = answer.map;
  renewLease(answer.lease_ms);
  showCoverage(answer.coverage);
  showWatermark(answer.obligations.watermark);
  const from = position ?? answer.resume_ms;
  startsAt = from;
  if (!(await attach(toPlayer(from) / 1000))) return;
  controls.hidden = false;
  overlay.hidden = true;
  seek.max = String(Math.ceil((map.reduce((sum, piece) => sum + piece[2], 0) || answer.duration_ms) / 1000));
  loadCaptions(answer.captions);
  clearInterval(reportTimer);
  reportTimer = setInterval(() => report(), REPORT_EVERY);
  if (autoplay) video.play().catch(() => {}); // a browser may want one more press
  send();
}

async function attach(startSeconds) {
  const { default: Hls } = await import(config.hls);
  if (Hls.isSupported()) {
    hls = new Hls({
      enableWorker: true,
      workerPath: config.worker,
      startPosition: startSeconds,
      // What was fetched ahead plays on after a withdrawal, so it is kept short.
      maxBufferLength: 24,
      maxMaxBufferLength: 24,
      backBufferLength: 30,
    });
    hls.on(Hls.Events.ERROR, (_event, data) => failed(Hls, data));
    hls.loadSource(play.playlist);
    hls.attachMedia(video);
    video.addEventListener("loadedmetadata", () => setRate(rate), { once: true });
    return true;
  }
  if (video.canPlayType("application/vnd.apple.mpegurl")) {
    video.src = play.playlist;
    video.addEventListener("loadedmetadata", () => {
      video.currentTime = startSeconds;
      setRate(rate);
    }, { once: true });
    return true;
  }
  stop(words.unsupported, { action: null });
  return false;
}

let recovered = 0;

function failed(Hls, data) {
  const status = data.response?.code;
  if (status === 401 || status === 403 || status === 404) {
    ask(data.frag?.decryptdata?.uri ?? data.url ?? play?.playlist);
    return;
  }
  if (!data.fatal || !hls) return;
  if (data.type === Hls.ErrorTypes.MEDIA_ERROR && Date.now() - recovered > 10_000) {
    recovered = Date.now();
    hls.recoverMediaError();
  } else if (data.type === Hls.ErrorTypes.NETWORK_ERROR) {
    const [current, at] = [hls, position()];
    // The buffer plays on; once it is empty the person is told.
    setTimeout(() => {
      if (hls === current) current.startLoad(toPlayer(at) / 1000);
    }, 3000);
    if (video.paused || video.readyState < 3) toast(words.lost);
  } else {
    stop(words.broken);
  }
}

let asking = false;

/** Asks why something was refused, and acts on the answer. */
async function ask(address) {
  if (asking || !play) return;
  asking = true;
  const at = position();
  const wasPlaying = !video.paused;
  try {
    const response = await fetch(address, { credentials: "same-origin" });
    if (response.ok) {
      hls?.startLoad();
      return;
    }
    const answer = await readJson(response);
    await report();
    const mayReopen = ["ended", "idle", "expired", "stopped"].includes(answer.error);
    if (mayReopen && Date.now() - reopened > 10_000) {
      reopened = Date.now();
      detach();
      await begin({ position: at, autoplay: wasPlaying });
    } else {
      const here = answer.error === "superseded";
      stop(answer.message ?? words.broken, { steps: answer.steps, action: here ? words.here : words.again });
    }
  } catch {
    toast(words.lost);
  } finally {
    asking = false;
  }
}

let leaseTurn = 0;

/** A permission is lent for some minutes; when it ends without word from the server, so does playing. */
function renewLease(ms) {
  clearTimeout(leaseTimer);
  leaseTurn += 1;
  const turn = leaseTurn;
  leaseTimer = setTimeout(async () => {
    await report(true);
    if (turn !== leaseTurn || !play) return;
    const at = position();
    stop(words.lease);
    resumeAt = at;
  }, ms);
}

// ------------------------------------------------------------------------------- what was played

/** Follows the film: a continuous piece that was played becomes an interval. */
const tracker = {
  from: null, // player ms
  until: null,
  done: [],

  step() {
    const now = video.currentTime * 1000;
    if (video.seeking || video.paused) return;
    if (this.from === null) [this.from, this.until] = [now, now];
    else if (now < this.until || now - this.until > JUMP * Math.max(1, video.playbackRate)) this.cut(now);
    else this.until = now;
  },

  /** Ends the piece; the next begins at `now`. */
  cut(now = null) {
    if (this.from !== null && this.until > this.from) this.done.push(...uncutIntervals(this.from, this.until));
    this.from = this.until = now;
  },

  stop() {
    this.cut();
  },

  /** Takes out what was played since it was last asked; the piece goes on. */
  take() {
    this.step();
    this.cut(this.until);
    const taken = this.done;
    this.done = [];
    return taken;
  },
};

// Who leaves before the film is there has not moved: the place to resume at stays.
const position = () => startsAt ?? toUncut(video.currentTime * 1000);

/** Writes down what was played, and sends what waits. `force`: even if nothing was played. */
async function report(force = false, { leaving = false } = {}) {
  if (!play) return;
  const intervals = tracker.take();
  if (!intervals.length && !force && !leaving && play.reported === position()) return;
  play.reported = position();
  const made = [];
  do {
    made.push({
      person: config.person, recording: config.recording, version: config.version,
      session: play.play_session, events: play.events, sequence: ++sequence,
      intervals: intervals.splice(0, MAX_INTERVALS), position: position(), at: Date.now(), close: leaving,
    });
  } while (intervals.length);
  const kept = made.map((one) => queue.put(one));
  if (leaving) {
    // The page is going: nothing may be waited for. What is not answered stays in the queue.
    for (const one of made) deliver(one, { keepalive: true }).catch(() => {});
    return;
  }
  await Promise.all(kept);
  await send();
}

const bodyOf = (one) => ({
  sequence: one.sequence, intervals: one.intervals, position: one.position,
  age: Math.max(0, Date.now() - one.at), close: one.close,
});

async function deliver(one, more) {
  const response = await post(one.events, bodyOf(one), { keepalive: true, ...more });
  const answer = await readJson(response);
  await settle(one, response.status, answer);
  return [response.status, answer];
}

/** Decides by the answer whether a report is done, is sent under another session, or waits. */
async function settle(one, status, answer) {
  if (answer.result === "OK" || answer.result === "DUPLICATE") await queue.remove(one);
  else if (answer.result === "SESSION_CLOSED" || answer.result === "SESSION_UNKNOWN") {
    if (play && play.play_session !== one.session) {
      Object.assign(one, {
        session: play.play_session, events: play.events, sequence: ++sequence, close: false,
      });
      await queue.put(one);
    }
  } else if (status === 422) {
    await queue.remove(one);
    toast(words.refusedReport);
  }
}

/** Sends what waits, one after the other. One sender at a time. */
function send() {
  sending ??= sendAll().finally(() => { sending = null; });
  return sending;
}

async function sendAll() {
  const waiting = await queue.list();
  for (const one of waiting) {
    if (Date.now() - one.at > KEPT) {
      await queue.remove(one);
      toast(words.dropped);
      continue;
    }
    for (let tries = 0; tries < 2; tries += 1) {
      const under = one.session;
      let status, answer;
      try {
        [status, answer] = await deliver(one);
      } catch {
        return; // offline: it waits
      }
      if (under === play?.play_session && !heard(status, answer)) return;
      if (status === 429 || status >= 500) return; // later, in order
      if (one.session === under) break; // sent, or kept for another time
    }
  }
}

/** Acts on the answer for the present play session; false when it has ended. */
function heard(status, answer) {
  if (answer.coverage) showCoverage(answer.coverage);
  if (answer.stop) {
    stop(answer.message ?? words.broken, { steps: answer.steps });
    return false;
  }
  if (answer.result === "SESSION_CLOSED") {
    const here = answer.why === "superseded";
    const at = position();
    stop(answer.message ?? words.broken, { action: here ? words.here : fill(words.resume, { time: clock(at) }) });
    resumeAt = at;
    return false;
  }
  if (status === 401) {
    stop(answer.message ?? words.broken);
    return false;
  }
  if (answer.lease_ms > 0 && play) {
    renewLease(answer.lease_ms);
  }
  return true;
}

function showCoverage(coverage) {
  const box = document.querySelector("[data-coverage]");
  if (!coverage || !box) return;
  box.querySelector("progress").value = coverage.permille;
  box.querySelector("[data-coverage-text]").textContent =
    fill(words.watched, { percent: Math.floor(coverage.permille / 10) });
  document.querySelector("[data-complete]").hidden = !coverage.complete;
}

let watermarkTimer = 0;

function showWatermark(text) {
  const mark = find("watermark");
  mark.hidden = !text;
  mark.textContent = text ?? "";
  clearInterval(watermarkTimer);
  let place = 0;
  if (text) watermarkTimer = setInterval(() => { mark.dataset.place = String((place += 1) % 3); }, 20_000);
}

/** A short sentence that goes by itself. */
function toast(text) {
  const box = document.getElementById("toasts");
  const line = Object.assign(document.createElement("p"), { className: "toast toast--warn", textContent: text });
  if ([...box.children].some((child) => child.textContent === text)) return;
  box.append(line);
  setTimeout(() => line.remove(), 10_000);
}

// ----------------------------------------------------------------------------------- captions

let cues = [];
let shown = "";
let current = -1;
let lastLanguage = "";
const tracks = new Map();

const stored = {
  get(name) { try { return localStorage.getItem(name); } catch { return null; } },
  set(name, value) { try { localStorage.setItem(name, value); } catch { /* not kept, then */ } },
};

/** Reads the WebVTT that the server writes: blocks of a timing line and text. */
function parseCues(text) {
  const ms = (stamp) => {
    const [h, m, s] = stamp.split(":");
    return Math.round(((Number(h) * 60 + Number(m)) * 60 + Number(s)) * 1000);
  };
  return text.split("\n\n").slice(1).flatMap((block) => {
    const [timing, ...lines] = block.split("\n");
    const match = /^([\d:.]+) --> ([\d:.]+)/.exec(timing);
    if (!match) return [];
    const plain = new DOMParser().parseFromString(lines.join("\n"), "text/html");
    for (const reading of plain.querySelectorAll("rt")) reading.textContent = `（${reading.textContent}）`;
    return [{ start: ms(match[1]), end: ms(match[2]), text: plain.body.textContent.trim() }];
  });
}

async function loadCaptions(offered) {
  languages.replaceChildren(new Option(words.off, ""), ...offered.map((one) => new Option(one.label, one.language)));
  languages.hidden = !offered.length;
  if (!offered.length) return;
  const wanted = stored.get("captions");
  const known = (tag) => offered.some((one) => one.language === tag);
  lastLanguage = [wanted, config.language, offered[0].language].find((tag) => tag && known(tag));
  await showLanguage(wanted === "" ? "" : lastLanguage, offered);
  const transcript = await cuesOf(lastLanguage, offered);
  showTranscript(transcript, lastLanguage);
  languages.onchange = () => {
    stored.set("captions", languages.value);
    showLanguage(languages.value, offered);
  };
}

async function cuesOf(language, offered) {
  if (!tracks.has(language)) {
    const one = offered.find((track) => track.language === language);
    try {
      const response = await fetch(one.address, { credentials: "same-origin" });
      tracks.set(language, response.ok ? parseCues(await response.text()) : []);
    } catch {
      return [];
    }
  }
  return tracks.get(language);
}

async function showLanguage(language, offered) {
  languages.value = language;
  if (language) lastLanguage = language;
  cues = language ? await cuesOf(language, offered) : [];
  captionsBox.lang = language;
  if (language) showTranscript(cues, language);
  shown = "";
  draw();
}

function showTranscript(list, language) {
  const box = document.querySelector("[data-transcript]");
  document.querySelector("[data-transcript-card]").hidden = !list.length;
  box.lang = language;
  box.replaceChildren(...list.map((cue) => {
    const button = document.createElement("button");
    button.type = "button";
    button.append(
      Object.assign(document.createElement("time"), { textContent: clock(cue.start) }),
      Object.assign(document.createElement("span"), { textContent: cue.text }),
    );
    button.addEventListener("click", () => jump(cue.start));
    const item = document.createElement("li");
    item.append(button);
    return item;
  }));
  box.cues = list;
  current = -1;
}

/** Shows the caption of this moment, and marks it in the transcript. */
function draw() {
  const now = position();
  const text = cues.filter((cue) => cue.start <= now && now < cue.end).map((cue) => cue.text).join("\n");
  if (text !== shown) {
    shown = text;
    captionsBox.firstElementChild.textContent = text;
  }
  captionsBox.hidden = !text || !play;
  const box = document.querySelector("[data-transcript]");
  const place = (box.cues ?? []).findLastIndex((cue) => cue.start <= now);
  if (place === current) return;
  box.querySelector("[aria-current]")?.removeAttribute("aria-current");
  current = place;
  const line = box.children[place]?.firstElementChild;
  if (!line) return;
  line.setAttribute("aria-current", "true");
  if (!box.contains(document.activeElement) && !video.paused) {
    box.scrollTop = line.parentElement.offsetTop - box.offsetTop - box.clientHeight / 3;
  }
}

// ----------------------------------------------------------------------------------- controls

let rate = Number(stored.get("rate")) || 1;
let resumeAt = null;

function setRate(value) {
  rate = RATES.includes(value) ? value : 1;
  video.playbackRate = rate;
  find("rate").value = String(rate);
  stored.set("rate", String(rate));
}

const stepRate = (by) => setRate(RATES[Math.min(Math.max(RATES.indexOf(rate) + by, 0), RATES.length - 1)]);
const toggle = () => (video.paused ? video.play().catch(() => {}) : video.pause());

function skip(seconds) {
  const end = Number.isFinite(video.duration) ? video.duration : Number(seek.max);
  video.currentTime = Math.min(Math.max(video.currentTime + seconds, 0), end);
}

/** Goes to a moment of the uncut film, and starts playing if nothing plays yet. */
function jump(ms) {
  if (play) video.currentTime = toPlayer(ms) / 1000;
  else begin({ position: ms });
}

function setMuted(muted) {
  video.muted = muted;
  find("mute").setAttribute("aria-pressed", String(muted));
}

function toggleCaptions() {
  if (languages.hidden) return;
  languages.value = languages.value ? "" : lastLanguage;
  languages.dispatchEvent(new Event("change"));
}

function toggleFullscreen() {
  if (document.fullscreenElement) document.exitFullscreen();
  else if (root.requestFullscreen) root.requestFullscreen().catch(() => {});
  else video.webkitEnterFullscreen?.(); // phones that know no other
}

function showState() {
  const paused = video.paused;
  find("icon-play").hidden = !paused;
  find("icon-pause").hidden = paused;
  const label = paused ? words.play : words.pause;
  find("toggle").setAttribute("aria-label", label);
  find("toggle").title = `${label} (K)`;
}

function showTime() {
  const total = Number(seek.max) * 1000;
  const now = video.currentTime * 1000;
  find("time").textContent = `${clock(now)} / ${clock(total)}`;
  if (!seek.matches(":active")) seek.value = String(Math.floor(video.currentTime));
  seek.setAttribute("aria-valuetext", fill(words.position, { time: clock(now), total: clock(total) }));
}

const KEYS = {
  " ": toggle,
  k: toggle,
  j: () => skip(-10),
  l: () => skip(10),
  ArrowLeft: () => skip(-5),
  ArrowRight: () => skip(5),
  ArrowUp: () => { video.volume = Math.min(1, video.volume + 0.1); },
  ArrowDown: () => { video.volume = Math.max(0, video.volume - 0.1); },
  m: () => setMuted(!video.muted),
  c: toggleCaptions,
  f: toggleFullscreen,
  "<": () => stepRate(-1),
  ">": () => stepRate(1),
};

document.addEventListener("keydown", (event) => {
  if (!play || event.defaultPrevented || event.altKey || event.ctrlKey || event.metaKey) return;
  if (event.target.closest("input:not([type=range]), select, textarea, summary, [contenteditable], dialog")) return;
  const onButton = event.target.closest("button, a");
  if (onButton && event.key === " ") return; // the button's own key
  if (event.target.matches("input[type=range]") && event.key.startsWith("Arrow")) return;
  if (event.target.closest(".transcript") && event.key.startsWith("Arrow")) return;
  const act = KEYS[event.key.length === 1 ? event.key.toLowerCase() : event.key];
  if (!act) return;
  event.preventDefault();
  act();
});

find("begin").addEventListener("click", () => {
  const country = document.querySelector("[data-country]");
  if (country && !country.reportValidity()) return;
  begin({ position: resumeAt });
  resumeAt = null;
});
find("restart").addEventListener("click", () => begin({ position: 0 }));
find("toggle").addEventListener("click", toggle);
find("back").addEventListener("click", () => skip(-10));
find("forward").addEventListener("click", () => skip(10));
find("mute").addEventListener("click", () => setMuted(!video.muted));
find("fullscreen").addEventListener("click", toggleFullscreen);
find("rate").addEventListener("change", (event) => setRate(Number(event.target.value)));
document.querySelector("[data-country-form]")?.addEventListener("submit", (event) => event.preventDefault());
seek.addEventListener("input", () => { video.currentTime = Number(seek.value); });
frame.addEventListener("click", (event) => {
  if (play && (event.target === video || event.target === frame)) toggle();
});

video.addEventListener("timeupdate", () => {
  if (!play) return;
  tracker.step();
  showTime();
  draw();
});
video.addEventListener("playing", () => {
  startsAt = null;
  tracker.step();
});
video.addEventListener("play", showState);
video.addEventListener("pause", () => {
  showState();
  if (!play) return;
  if (!video.seeking) tracker.until = tracker.from === null ? null : Math.max(tracker.until, video.currentTime * 1000);
  tracker.cut();
  report();
});
video.addEventListener("seeking", () => {
  tracker.cut();
  draw();
});
video.addEventListener("seeked", () => {
  startsAt = null;
  if (play) report();
});
video.addEventListener("ended", () => {
  if (!play) return;
  tracker.cut();
  report(true);
});
video.addEventListener("error", () => {
  if (play && !hls && video.error) ask(play.playlist);
});

document.addEventListener("visibilitychange", () => {
  if (document.visibilityState === "hidden") report();
});
window.addEventListener("pagehide", () => {
  if (!play) return;
  resumeAt = position();
  report(true, { leaving: true });
  detach();
  play = null;
});
window.addEventListener("pageshow", (event) => {
  // Shown again from the browser's own cache: the play session was closed when it was left.
  if (event.persisted && !play) say("", { action: fill(words.resume, { time: clock(resumeAt ?? 0) }) });
});
window.addEventListener("online", () => { if (play) send(); });

setRate(rate);
