// What brings the film into the page: hls.js where it runs, else the browser itself.
// Qualities and languages of the sound are chosen here and remembered.

import { config, find, stored, words } from "./page.mjs";

const video = find("video");
const qualityBox = find("quality");
const audioBox = find("audio");

let hls = null;
let play = null;

export const engine = () => hls;

/** What is chosen: auto, high, low or sound. A phone that is to save data begins with the low one. */
function quality() {
  const offered = play.qualities;
  const wanted = stored.get("quality") ?? (navigator.connection?.saveData ? "low" : "auto");
  return offered.includes(wanted) ? wanted : "auto";
}

/** The language of the sound: what this person chose last where there is it, else the server's choice. */
function sound() {
  const wanted = stored.get("audio");
  return play.audio.find((one) => one.language === wanted) ?? play.audio.find((one) => one.selected) ?? play.audio[0];
}

const option = (text, value, chosen) => new Option(text, value, chosen, chosen);

function offer() {
  const [now, heard] = [quality(), sound()];
  qualityBox.replaceChildren(...["auto", ...play.qualities].map((one) => option(words.qualities[one], one, one === now)));
  qualityBox.closest("[data-choice]").hidden = !play.qualities.length;
  audioBox.replaceChildren(...play.audio.map((one) => option(one.label, one.language, one === heard)));
  audioBox.closest("[data-choice]").hidden = play.audio.length < 2;
}

/** The playlist for what is chosen: without a picture, that of the language alone. */
const source = () => (quality() === "sound" && sound()?.alone) || play.playlist;

function showPicture() {
  find("frame").classList.toggle("is-sound", config.kind === "audio" || quality() === "sound");
}

/** Takes the choices over; `atOnce`: also for what was fetched ahead in another quality. */
function choose(atOnce = false) {
  if (!hls) return;
  const wanted = quality();
  const order = hls.levels.map((level, place) => [level.bitrate, place]).sort((a, b) => a[0] - b[0]);
  const fixed = { low: order[0], high: order.at(-1) }[wanted]?.[1] ?? -1;
  if (atOnce) hls.nextLevel = fixed;
  else hls.loadLevel = fixed;
  const place = hls.audioTracks.findIndex((track) => track.name === sound()?.label);
  if (place >= 0 && hls.audioTrack !== place) hls.audioTrack = place;
}

/** Brings the film in, from a second of the player; false where this browser cannot. */
export async function attach(answer, startSeconds, rate, failed) {
  play = answer;
  offer();
  showPicture();
  const { default: Hls } = await import(config.hls);
  if (Hls.isSupported()) {
    hls = new Hls({
      enableWorker: true,
      workerPath: config.worker,
      startPosition: startSeconds,
      capLevelToPlayerSize: true,
      // What was fetched ahead plays on after a withdrawal, so it is kept short.
      maxBufferLength: 24,
      maxMaxBufferLength: 24,
      backBufferLength: 30,
    });
    hls.on(Hls.Events.ERROR, (_event, data) => failed(Hls, data));
    hls.on(Hls.Events.MANIFEST_PARSED, () => choose());
    hls.on(Hls.Events.AUDIO_TRACKS_UPDATED, () => choose());
    hls.loadSource(source());
    hls.attachMedia(video);
    video.addEventListener("loadedmetadata", () => rate(), { once: true });
    return true;
  }
  if (video.canPlayType("application/vnd.apple.mpegurl")) {
    video.src = source();
    video.addEventListener("loadedmetadata", () => {
      video.currentTime = startSeconds;
      rate();
    }, { once: true });
    return true;
  }
  return false;
}

/** Takes the film away: what was fetched ahead is not played any more. */
export function release() {
  hls?.destroy();
  hls = null;
  video.pause();
  video.removeAttribute("src");
  video.load();
}

/** Lets `again` begin anew where a choice needs another playlist; else the choice is taken at once. */
export function watchChoices(again) {
  const changed = (name, box) => {
    if (!play) return;
    const before = source();
    stored.set(name, box.value);
    showPicture();
    if (source() === before && hls) choose(true);
    else again();
  };
  qualityBox.addEventListener("change", () => changed("quality", qualityBox));
  audioBox.addEventListener("change", () => changed("audio", audioBox));
}
