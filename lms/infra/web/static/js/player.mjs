// The player: plays what the server lends, counts what was really played, and reports it.
//
// Times named *Ms are milliseconds of the uncut recording unless they say "player". The server
// gives the map between the two, as hidden parts are left out of the playlist.
//
// For other scripts of a page: the player's element raises `player-time` (detail: ms of the uncut
// film) as the film moves, and goes to a moment on `player-seek` (detail: ms).

import { drawCaption, forgetCaptions, offerCaptions } from "./player/captions.mjs";
import { goTo, setRate, showState, showTime, startControls } from "./player/controls.mjs";
import { attach, engine, release, watchChoices } from "./player/media.mjs";
import { clock, config, fill, find, momentOf, post, readJson, root, toast, words } from "./player/page.mjs";
import { report, reportUnder, send, showCoverage, showWatermark, startReports } from "./player/reports.mjs";
import { setMap, toPlayer, toUncut } from "./player/timeline.mjs";
import { tracker } from "./player/tracker.mjs";
import { followTranscript, forgetTranscript, loadTranscript, startTranscript } from "./player/transcript.mjs";

const REPORT_EVERY = 30_000;

const video = find("video");
const overlay = find("overlay");
const controls = find("controls");

let play = null; // the server's answer, while playing
let leaseTimer = 0;
let reportTimer = 0;
let reopened = 0;
let recovered = 0;
let startsAt = null; // where playing is to begin (ms of the uncut film), until it has
let resumeAt = momentOf(new URLSearchParams(location.search).get("t"));

// Who leaves before the film is there has not moved: the place to resume at stays.
const position = () => startsAt ?? toUncut(video.currentTime * 1000);

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
  tracker.cut();
  reportUnder(null); // the film that is taken away stands at 0: that is no place to report
  release();
  controls.hidden = true;
  forgetCaptions();
  if (document.fullscreenElement) document.exitFullscreen().catch(() => {});
}

/** Ends playing. `refused`: nothing of the film may stay, so its words go too. */
function stop(message, more = {}) {
  detach();
  play = null;
  if (more.refused) forgetTranscript();
  say(message, more);
}

async function begin({ position: from = null, autoplay = true } = {}) {
  say(words.playing, { action: null });
  const country = document.querySelector("[data-country]")?.value;
  let answer;
  try {
    const response = await post(config.start, country ? { country } : {});
    answer = await readJson(response);
    if (!response.ok) {
      say(answer.message ?? words.broken, { steps: answer.steps });
      if (response.status < 500) forgetTranscript();
      return;
    }
  } catch {
    say(words.lost);
    resumeAt = from;
    return;
  }
  play = answer;
  reportUnder(answer);
  setMap(answer.map, answer.duration_ms);
  renewLease(answer.lease_ms);
  showCoverage(answer.coverage);
  showWatermark(answer.obligations.watermark);
  if (answer.message) toast(answer.message);
  startsAt = from ?? answer.resume_ms;
  let attached;
  try {
    attached = await attach(answer, toPlayer(startsAt) / 1000, setRate, failed);
  } catch { // the connection went before the program that plays was there
    const at = position();
    stop(words.lost);
    resumeAt = at;
    return;
  }
  if (!attached) {
    stop(words.unsupported, { action: null });
    return;
  }
  controls.hidden = false;
  overlay.hidden = true;
  showTime();
  offerCaptions(answer.captions).then(() => drawCaption(position()));
  if (country) loadTranscript();
  clearInterval(reportTimer);
  reportTimer = setInterval(() => report(), REPORT_EVERY);
  if (autoplay) video.play().catch(() => {}); // a browser may want one more press
  send();
}

/** Brings the film in from another playlist of the same play session. */
async function reload() {
  if (!play) return;
  const at = position();
  const wasPlaying = !video.paused;
  tracker.rest();
  startsAt = at;
  release();
  await attach(play, toPlayer(at) / 1000, setRate, failed);
  if (wasPlaying) video.play().catch(() => {});
}

function failed(Hls, data) {
  const status = data.response?.code;
  if (status === 401 || status === 403 || status === 404) {
    ask(data.frag?.decryptdata?.uri ?? data.url ?? play?.playlist);
    return;
  }
  if (!data.fatal || !engine()) return;
  if (data.type === Hls.ErrorTypes.MEDIA_ERROR && Date.now() - recovered > 10_000) {
    recovered = Date.now();
    engine().recoverMediaError();
  } else if (data.type === Hls.ErrorTypes.NETWORK_ERROR) {
    const [current, at] = [engine(), position()];
    // The buffer plays on; once it is empty the person is told.
    setTimeout(() => {
      if (engine() === current) current.startLoad(toPlayer(at) / 1000);
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
      engine()?.startLoad();
      return;
    }
    const answer = await readJson(response);
    await report();
    if (!play) return; // the report's answer has ended it already
    const mayReopen = ["ended", "idle", "expired", "stopped", "changed"].includes(answer.error);
    if (mayReopen && Date.now() - reopened > 10_000) {
      reopened = Date.now();
      detach();
      await begin({ position: at, autoplay: wasPlaying });
    } else {
      const here = answer.error === "superseded";
      stop(answer.message ?? words.broken, {
        steps: answer.steps, action: here ? words.here : words.again, refused: Boolean(answer.code),
      });
      if (here) resumeAt = at;
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

/** Acts on the answer for the present play session; false when it has ended. */
function heard(status, answer) {
  if (answer.coverage) showCoverage(answer.coverage);
  if (answer.stop) {
    stop(answer.message ?? words.broken, { steps: answer.steps, refused: true });
    return false;
  }
  if (answer.why === "changed" || answer.result === "SESSION_CLOSED") {
    const at = position();
    if (["changed", "idle"].includes(answer.why) && Date.now() - reopened > 10_000) {
      reopened = Date.now();
      const wasPlaying = !video.paused;
      detach();
      begin({ position: at, autoplay: wasPlaying });
      return false;
    }
    const here = answer.why === "superseded";
    stop(answer.message ?? words.broken, { action: here ? words.here : fill(words.resume, { time: clock(at) }) });
    resumeAt = at;
    return false;
  }
  if (status === 401) {
    stop(answer.message ?? words.broken, { refused: true });
    return false;
  }
  if (answer.lease_ms > 0 && play) renewLease(answer.lease_ms);
  return true;
}

/** Goes to a moment of the uncut film, and starts playing if nothing plays yet. */
function jump(ms) {
  if (play) goTo(ms);
  else if (!overlay.hidden && !find("begin").hidden) press(ms);
}

function press(ms) {
  const country = document.querySelector("[data-country]");
  if (country && !country.reportValidity()) return;
  resumeAt = null;
  begin({ position: ms });
}

function moved() {
  const now = position();
  drawCaption(now);
  followTranscript(now, !video.paused);
  root.dispatchEvent(new CustomEvent("player-time", { detail: now }));
}

find("begin").addEventListener("click", () => press(resumeAt));
find("restart").addEventListener("click", () => press(0));
document.querySelector("[data-country-form]")?.addEventListener("submit", (event) => event.preventDefault());
document.querySelector("[data-country]")?.addEventListener("change", () => loadTranscript());
root.addEventListener("player-seek", (event) => jump(event.detail));

video.addEventListener("timeupdate", () => {
  if (!play) return;
  tracker.step();
  showTime();
  moved();
});
video.addEventListener("playing", () => {
  startsAt = null;
  tracker.step();
});
video.addEventListener("play", showState);
video.addEventListener("pause", () => {
  showState();
  if (!play) return;
  tracker.rest();
  report();
});
video.addEventListener("seeking", () => {
  tracker.cut();
  if (play) moved();
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
  if (play && !engine() && video.error) ask(play.playlist);
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
window.addEventListener("online", () => { if (play) report(true); });

startReports(position, heard);
startControls(() => Boolean(play), jump);
watchChoices(reload);
startTranscript(jump);
send(); // what an earlier visit could not tell
if (resumeAt !== null) find("begin-text").textContent = fill(words.from, { time: clock(resumeAt) });
