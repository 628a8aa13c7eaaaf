// What was played is told to the server every half minute, and kept while it cannot be.

import { config, find, post, readJson, toast, words } from "./page.mjs";
import { queue } from "./queue.mjs";
import { tracker } from "./tracker.mjs";

const MAX_INTERVALS = 200;
const KEPT = 24 * 3_600_000;

let play = null;
let sequence = 0;
let sending = null;
let again = false;
let position = () => 0;
let heard = () => true;

/** `where` gives the place of the film now (ms); `hear` acts on an answer, false when all has ended. */
export function startReports(where, hear) {
  position = where;
  heard = hear;
}

/** Reports from now on under this play session; null: under none. */
export function reportUnder(answer) {
  play = answer;
  sequence = 0;
}

/** Writes down what was played, and sends what waits. `force`: even if nothing was played. */
export async function report(force = false, { leaving = false } = {}) {
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
    for (const one of made) deliver(one).catch(() => {});
    return;
  }
  await Promise.all(kept);
  await send();
}

const bodyOf = (one) => ({
  sequence: one.sequence, intervals: one.intervals, position: one.position,
  age: Math.max(0, Date.now() - one.at), close: one.close,
});

async function deliver(one) {
  const response = await post(one.events, bodyOf(one), { keepalive: true });
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

/** Sends what waits, one after the other. One sender at a time, which looks again for what came meanwhile. */
export function send() {
  again = true;
  sending ??= sendInTurn().finally(() => { sending = null; });
  return sending;
}

async function sendInTurn() {
  while (again) {
    again = false;
    await sendAll();
  }
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

export function showCoverage(coverage) {
  const box = document.querySelector("[data-coverage]");
  if (!coverage || !box) return;
  box.querySelector("progress").value = coverage.permille;
  box.querySelector("[data-coverage-text]").textContent =
    words.watched.replace("{percent}", Math.floor(coverage.permille / 10));
  document.querySelector("[data-complete]").hidden = !coverage.complete;
}

let watermarkTimer = 0;

/** The name across the picture; it moves, so that it cannot be covered once for all. */
export function showWatermark(text) {
  const mark = find("watermark");
  mark.hidden = !text;
  mark.textContent = text ?? "";
  clearInterval(watermarkTimer);
  let place = 0;
  if (text) watermarkTimer = setInterval(() => { mark.dataset.place = String((place += 1) % 3); }, 20_000);
}
