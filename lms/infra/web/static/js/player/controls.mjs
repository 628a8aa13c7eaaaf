// Buttons, the line of time and the keyboard.

import { clock, fill, find, root, stored, words } from "./page.mjs";
import { duration, toPlayer, toUncut } from "./timeline.mjs";
import { toggleCaptions } from "./captions.mjs";

const RATES = [0.5, 0.75, 1, 1.25, 1.5, 1.75, 2];
const video = find("video");
const frame = find("frame");
const seek = find("seek");
const chapters = [...document.querySelectorAll("[data-chapters] [data-at]")];

let rate = Number(stored.get("rate")) || 1;
let active = () => false;

export function setRate(value = rate) {
  rate = RATES.includes(value) ? value : 1;
  video.playbackRate = rate;
  find("rate").value = String(rate);
  stored.set("rate", String(rate));
}

const stepRate = (by) => setRate(RATES[Math.min(Math.max(RATES.indexOf(rate) + by, 0), RATES.length - 1)]);
const toggle = () => (video.paused ? video.play().catch(() => {}) : video.pause());

/** Goes to a moment of the uncut film (ms). */
export const goTo = (ms) => {
  video.currentTime = toPlayer(Math.min(Math.max(ms, 0), duration())) / 1000;
};

function skip(seconds) {
  const end = Number.isFinite(video.duration) ? video.duration : duration() / 1000;
  video.currentTime = Math.min(Math.max(video.currentTime + seconds, 0), end);
}

function toChapter(by) {
  const now = toUncut(video.currentTime * 1000);
  const starts = chapters.map((one) => Number(one.dataset.at));
  // Back means to the beginning of this one first, as with a record.
  const place = by > 0 ? starts.findIndex((at) => at > now + 500) : starts.findLastIndex((at) => at < now - 3000);
  if (place >= 0) goTo(starts[place]);
  else if (by < 0 && starts.length) goTo(0);
}

function setMuted(muted) {
  video.muted = muted;
  find("mute").setAttribute("aria-pressed", String(muted));
}

function toggleFullscreen() {
  if (document.fullscreenElement) document.exitFullscreen();
  else if (root.requestFullscreen) root.requestFullscreen().catch(() => {});
  // Phones that know no other show the picture alone, without the mark across it.
  else if (find("watermark").hidden) video.webkitEnterFullscreen?.();
}

export function showState() {
  const paused = video.paused;
  find("icon-play").hidden = !paused;
  find("icon-pause").hidden = paused;
  const label = paused ? words.play : words.pause;
  find("toggle").setAttribute("aria-label", label);
  find("toggle").title = `${label} (K)`;
}

/** Shows where the film is: everything in time of the uncut one, as in chapters and transcript. */
export function showTime() {
  const now = toUncut(video.currentTime * 1000);
  find("time").textContent = `${clock(now)} / ${clock(duration())}`;
  seek.max = String(Math.ceil(duration() / 1000));
  if (!seek.matches(":active")) seek.value = String(Math.floor(now / 1000));
  seek.setAttribute("aria-valuetext", fill(words.position, { time: clock(now), total: clock(duration()) }));
  const place = chapters.findLastIndex((one) => Number(one.dataset.at) <= now);
  chapters.forEach((one, at) => one.toggleAttribute("aria-current", at === place));
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
  p: () => toChapter(-1),
  n: () => toChapter(1),
  "<": () => stepRate(-1),
  ">": () => stepRate(1),
};

function pressed(event) {
  if (!active() || event.defaultPrevented || event.altKey || event.ctrlKey || event.metaKey) return;
  if (event.target.closest("input:not([type=range]), select, textarea, summary, [contenteditable], dialog")) return;
  const onButton = event.target.closest("button, a");
  if (onButton && event.key === " ") return; // the button's own key
  if (event.target.matches("input[type=range]") && event.key.startsWith("Arrow")) return;
  if (event.target.closest(".transcript") && event.key.startsWith("Arrow")) return;
  const act = KEYS[event.key.length === 1 ? event.key.toLowerCase() : event.key];
  if (!act) return;
  event.preventDefault();
  act();
}

/** Takes the controls into use; `isActive` says whether something plays, `jump` goes to a moment. */
export function startControls(isActive, jump) {
  active = isActive;
  document.addEventListener("keydown", pressed);
  find("toggle").addEventListener("click", toggle);
  find("back").addEventListener("click", () => skip(-10));
  find("forward").addEventListener("click", () => skip(10));
  find("mute").addEventListener("click", () => setMuted(!video.muted));
  find("fullscreen").addEventListener("click", toggleFullscreen);
  find("rate").addEventListener("change", (event) => setRate(Number(event.target.value)));
  seek.addEventListener("input", () => goTo(Number(seek.value) * 1000));
  frame.addEventListener("click", (event) => {
    if (active() && (event.target === video || event.target === frame)) toggle();
  });
  for (const one of chapters) {
    one.addEventListener("click", (event) => {
      event.preventDefault();
      jump(Number(one.dataset.at));
    });
  }
  setRate();
}
