// The transcript beside the film: the server gives it anew each time, without what is hidden.

import { clock, config, fill, stored, words } from "./page.mjs";

const card = document.querySelector("[data-transcript-card]");
const list = document.querySelector("[data-transcript]");
const languages = document.querySelector("[data-transcript-language]");
const query = document.querySelector("[data-transcript-query]");
const link = document.querySelector("[data-transcript-link]");
const found = document.querySelector("[data-transcript-found]");

let starts = [];
let hits = [];
let hit = -1;
let current = -1;
let turn = 0;
let jump = () => {};

function draw(answer) {
  const hitting = new Set(answer.hits);
  starts = answer.cues.map(([start]) => start);
  hits = answer.hits;
  hit = current = -1;
  list.lang = answer.language;
  list.replaceChildren(...answer.cues.map(([start, , text], place) => {
    const button = document.createElement("button");
    button.type = "button";
    button.append(
      Object.assign(document.createElement("time"), { textContent: clock(start) }),
      Object.assign(document.createElement("span"), { textContent: text }),
    );
    button.classList.toggle("is-hit", hitting.has(place));
    button.addEventListener("click", () => jump(start));
    const item = document.createElement("li");
    item.append(button);
    return item;
  }));
  languages.replaceChildren(...answer.languages.map((one) => new Option(one.label, one.language)));
  languages.value = answer.language;
  languages.closest("[data-choice]").hidden = answer.languages.length < 2;
  found.textContent = answer.query ? fill(answer.count === 1 ? words.foundOne : words.found, { count: answer.count }) : "";
  card.hidden = !answer.languages.length;
  const page = new URL(link.href);
  page.searchParams.set("language", answer.language);
  const country = document.querySelector("[data-country]")?.value;
  if (country) page.searchParams.set("country", country);
  link.href = page;
  if (hits.length) nextHit();
}

/** Goes to the next line with the word that is looked for. */
function nextHit() {
  hit = (hit + 1) % hits.length;
  bring(list.children[hits[hit]]);
}

const bring = (line) => {
  if (line) list.scrollTop = line.offsetTop - list.offsetTop - list.clientHeight / 3;
};

/** Asks for the transcript; what was asked for before and comes later is not shown. */
export async function loadTranscript() {
  if (!card || !config.transcript) return;
  const mine = (turn += 1);
  const address = new URL(config.transcript, location.href);
  const language = languages.value || stored.get("transcript") || stored.get("captions") || "";
  if (language) address.searchParams.set("language", language);
  if (query.value.trim()) address.searchParams.set("q", query.value);
  const country = document.querySelector("[data-country]")?.value;
  if (country === "") return; // it is asked for first
  if (country) address.searchParams.set("country", country);
  try {
    const response = await fetch(address, { credentials: "same-origin" });
    if (mine !== turn) return;
    if (response.ok) draw(await response.json());
    else forgetTranscript();
  } catch {
    found.textContent = query.value ? words.notSearched : "";
  }
}

export function forgetTranscript() {
  if (!card) return;
  card.hidden = true;
  list.replaceChildren();
  starts = [];
  hits = [];
}

/** Marks the line of this moment (ms of the uncut film). */
export function followTranscript(now, moving) {
  if (!card) return;
  const place = starts.findLastIndex((start) => start <= now);
  if (place === current) return;
  list.querySelector("[aria-current]")?.removeAttribute("aria-current");
  current = place;
  const line = list.children[place];
  if (!line) return;
  line.firstElementChild.setAttribute("aria-current", "true");
  if (moving && !hits.length && !list.contains(document.activeElement)) bring(line);
}

export function startTranscript(go) {
  jump = go;
  if (!card) return;
  let typing = 0;
  query.addEventListener("input", () => {
    clearTimeout(typing);
    typing = setTimeout(loadTranscript, 250);
  });
  query.form.addEventListener("submit", (event) => {
    event.preventDefault();
    clearTimeout(typing);
    if (hits.length) nextHit();
    else loadTranscript();
  });
  languages.addEventListener("change", () => {
    stored.set("transcript", languages.value);
    loadTranscript();
  });
  loadTranscript();
}
