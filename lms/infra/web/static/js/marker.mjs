// The marker of parts that belong to others: a preview, and buttons that take its time.
//
// The server's map goes from player time to the time of the uncut recording; marks are in the
// latter. The preview is lent like any play: every key is decided about anew.

import { setMap, toPlayer, toUncut } from "./player/timeline.mjs";

const root = document.querySelector("[data-marker]");
const config = JSON.parse(root.dataset.marker);
const words = config.words;
const find = (name) => root.querySelector(`[data-${name}]`);

const video = find("video");
const overlay = find("overlay");
const begin = find("begin");

let play = null;
let hls = null;
let wanted = null; // where playing is to begin, in ms of the uncut recording

/** 12:34.5 or 1:02:03, as the form reads it: to the tenth of a second. */
function clock(ms) {
  const tenths = Math.round(ms / 100);
  const seconds = Math.floor(tenths / 10);
  const two = (number) => String(number).padStart(2, "0");
  const [h, m, s] = [Math.floor(seconds / 3600), Math.floor(seconds / 60) % 60, seconds % 60];
  const whole = h ? `${h}:${two(m)}:${two(s)}` : `${m}:${two(s)}`;
  return tenths % 10 ? `${whole}.${tenths % 10}` : whole;
}

const now = () => toUncut(video.currentTime * 1000);

function say(text) {
  overlay.hidden = false;
  find("message").textContent = text;
}

async function post(address, body) {
  return fetch(address, {
    method: "POST",
    headers: { "Content-Type": "application/json", "X-CSRFToken": config.csrf },
    body: JSON.stringify(body),
    credentials: "same-origin",
    keepalive: true,
  });
}

function stop(text) {
  hls?.destroy();
  hls = null;
  video.removeAttribute("src");
  video.load();
  play = null;
  begin.hidden = false;
  say(text);
}

async function start() {
  if (play) return;
  say(words.loading);
  begin.hidden = true;
  let answer;
  try {
    const response = await post(config.start, {});
    answer = await response.json();
    if (!response.ok) {
      stop(answer.message ?? words.broken);
      return;
    }
  } catch {
    stop(words.broken);
    return;
  }
  play = answer;
  const map = answer.map ?? [];
  setMap(map, answer.duration_ms);
  const shown = map.reduce((sum, piece) => sum + piece[2], 0);
  find("gap").hidden = !map.length || map.length === 1 || shown >= answer.duration_ms;
  const mark = find("watermark");
  mark.hidden = !answer.obligations?.watermark;
  mark.textContent = answer.obligations?.watermark ?? "";
  const from = toPlayer(wanted ?? 0) / 1000;
  let Hls;
  try {
    ({ default: Hls } = await import(config.hls));
  } catch {
    stop(words.broken);
    return;
  }
  if (Hls.isSupported()) {
    hls = new Hls({
      enableWorker: true, workerPath: config.worker, startPosition: from,
      maxBufferLength: 24, maxMaxBufferLength: 24, backBufferLength: 30,
    });
    hls.on(Hls.Events.ERROR, (_event, data) => {
      const status = data.response?.code;
      if (status === 403 || status === 404) stop(words.ended);
      else if (data.fatal) stop(words.broken);
    });
    hls.loadSource(answer.playlist);
    hls.attachMedia(video);
  } else if (video.canPlayType("application/vnd.apple.mpegurl")) {
    video.src = answer.playlist;
    video.addEventListener("loadedmetadata", () => { video.currentTime = from; }, { once: true });
  } else {
    stop(words.unsupported);
    return;
  }
  overlay.hidden = true;
  video.play().catch(() => {}); // a browser may want one more press
}

begin.addEventListener("click", start);
video.addEventListener("timeupdate", () => {
  if (play) find("now").textContent = words.at.replace("{time}", clock(now()));
});
for (const button of root.querySelectorAll("[data-take]")) {
  button.addEventListener("click", () => {
    if (!play) return;
    const field = find(button.dataset.take);
    field.value = clock(now());
    field.focus();
  });
}
for (const button of root.querySelectorAll("[data-jump]")) {
  button.addEventListener("click", () => {
    wanted = Number(button.dataset.jump);
    if (play) video.currentTime = toPlayer(wanted) / 1000;
    else start();
    video.scrollIntoView({ block: "nearest" });
  });
}
window.addEventListener("pagehide", () => {
  if (play?.close) post(play.close, {}).catch(() => {});
});
