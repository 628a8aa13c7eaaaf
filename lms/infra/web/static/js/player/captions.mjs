// Captions over the picture, in the language that was chosen last or that the person reads.

import { config, find, stored, words } from "./page.mjs";

const box = find("captions");
const languages = find("language");

let cues = [];
let shown = "";
let last = "";
let offered = [];
let tracks = new Map();

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

async function cuesOf(language) {
  if (!tracks.has(language)) {
    try {
      const { address } = offered.find((one) => one.language === language);
      const response = await fetch(address, { credentials: "same-origin" });
      tracks.set(language, response.ok ? parseCues(await response.text()) : []);
    } catch {
      return [];
    }
  }
  return tracks.get(language);
}

async function show(language) {
  languages.value = language;
  if (language) last = language;
  cues = language ? await cuesOf(language) : [];
  box.lang = language;
  shown = "";
}

/** Offers the captions of a play session. */
export async function offerCaptions(list) {
  offered = list;
  tracks = new Map();
  languages.replaceChildren(new Option(words.off, ""), ...list.map((one) => new Option(one.label, one.language)));
  languages.closest("[data-choice]").hidden = !list.length;
  if (!list.length) return;
  const wanted = stored.get("captions");
  const near = list.find((one) => one.language.split("-")[0] === config.language)?.language;
  last = [wanted, config.language, near, list[0].language].find((tag) => tag && list.some((one) => one.language === tag));
  await show(wanted === "" ? "" : last);
}

export function toggleCaptions() {
  if (!offered.length) return;
  languages.value = languages.value ? "" : last;
  languages.dispatchEvent(new Event("change"));
}

/** Shows the caption of this moment (ms of the uncut film). */
export function drawCaption(now) {
  const text = cues.filter((cue) => cue.start <= now && now < cue.end).map((cue) => cue.text).join("\n");
  if (text !== shown) {
    shown = text;
    box.firstElementChild.textContent = text;
  }
  box.hidden = !text;
}

/** Nothing of the film stays: captions are words of it. */
export function forgetCaptions() {
  cues = [];
  offered = [];
  tracks = new Map();
  box.hidden = true;
  box.firstElementChild.textContent = "";
}

languages.addEventListener("change", () => {
  stored.set("captions", languages.value);
  show(languages.value);
});
