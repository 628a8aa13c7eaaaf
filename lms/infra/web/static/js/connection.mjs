// Checks what a meeting needs, on this device alone: no picture and no sound leaves it.

const list = document.querySelector("[data-connection-check]");
const words = list.dataset;
const ask = document.querySelector("[data-check-try]");
const stopping = document.querySelector("[data-check-stop]");
const again = document.querySelector("[data-check-again]");
const view = document.querySelector("[data-check-view]");
const video = document.querySelector("[data-check-video]");
const level = document.querySelector("[data-check-level]");
const said = document.querySelector("[data-check-said]");
const TRIES = 5;
const GOOD_MS = 150;
const FAIR_MS = 400;
const CLOCK_MS = 30_000;
let stream = null;
let sound = null;
let offset = 0;

function fill(text, values) {
  return text.replace(/\{(\w+)\}/g, (whole, name) => values[name] ?? whole);
}

/** Shows a result. state: done | part | missed | todo. */
function show(name, state, text, values = {}) {
  const item = list.querySelector(`[data-check="${name}"]`);
  const told = fill(text, values);
  item.className = `check check--${state}`;
  item.dataset.state = state;
  const word = { done: words.wordDone, part: words.wordPart, missed: words.wordMissed }[state];
  if (word) item.querySelector("[data-check-word]").textContent = word;
  const place = item.querySelector("[data-check-text]");
  if (place.textContent === told) return;
  place.textContent = told;
  if (name !== "clock") said.textContent = `${item.querySelector("strong").textContent}: ${told}`;
}

function checkBrowser() {
  const able = typeof RTCPeerConnection === "function" && "mediaDevices" in navigator &&
    typeof WebSocket === "function";
  show("browser", able ? "done" : "missed", able ? words.browserGood : words.browserBad);
  return "mediaDevices" in navigator && "getUserMedia" in navigator.mediaDevices;
}

async function askClock() {
  const began = performance.now();
  const answer = await fetch(words.clock, { cache: "no-store", credentials: "omit" });
  if (!answer.ok) throw new Error(String(answer.status));
  const { now } = await answer.json();
  const took = performance.now() - began;
  return { took, off: Date.now() - (now + took / 2) };
}

async function checkSpeed() {
  show("speed", "todo", words.speedChecking);
  const found = [];
  try {
    await askClock(); // the first one opens the connection
    for (let turn = 0; turn < TRIES; turn += 1) found.push(await askClock());
  } catch {
    show("speed", "missed", words.speedBad);
    return;
  }
  found.sort((a, b) => a.took - b.took);
  const middle = found[Math.floor(TRIES / 2)].took;
  offset = found[0].off;
  const values = { ms: Math.round(middle) };
  if (middle <= GOOD_MS) show("speed", "done", words.speedGood, values);
  else if (middle <= FAIR_MS) show("speed", "part", words.speedFair, values);
  else show("speed", "missed", words.speedSlow, values);
  showClock();
}

function timeIn(zone, moment) {
  return new Intl.DateTimeFormat(document.documentElement.lang || "en", {
    timeZone: zone, hour: "2-digit", minute: "2-digit", hour12: false, timeZoneName: "short",
  }).format(moment);
}

function showClock() {
  const right = new Date(Date.now() - offset);
  const values = {
    here: timeIn(words.placeZone, right),
    mine: timeIn(words.ownZone, right),
    seconds: Math.round(Math.abs(offset) / 1000),
  };
  if (Math.abs(offset) < CLOCK_MS) show("clock", "done", words.clockGood, values);
  else show("clock", "part", words.clockBad, values);
}

/** Says in words why a device cannot be used. */
function fault(error, kind) {
  if (error.name === "NotAllowedError" || error.name === "SecurityError") return words[`${kind}Refused`];
  if (error.name === "NotReadableError" || error.name === "AbortError") return words[`${kind}Busy`];
  return words[`${kind}None`];
}

async function open(kind, wanted) {
  show(kind, "todo", words.cameraWaiting);
  try {
    const got = await navigator.mediaDevices.getUserMedia(wanted);
    const [track] = got.getTracks();
    show(kind, "done", words[`${kind}Good`], { name: track.label });
    return track;
  } catch (error) {
    show(kind, "part", fault(error, kind));
    return null;
  }
}

function listen(track) {
  sound = new AudioContext();
  const analyser = sound.createAnalyser();
  analyser.fftSize = 512;
  sound.createMediaStreamSource(new MediaStream([track])).connect(analyser);
  const samples = new Uint8Array(analyser.fftSize);
  const own = sound;
  const turn = () => {
    if (sound !== own) return;
    analyser.getByteTimeDomainData(samples);
    let peak = 0;
    for (const sample of samples) peak = Math.max(peak, Math.abs(sample - 128));
    level.value = Math.min(100, (peak * 100) / 64);
    setTimeout(turn, 100);
  };
  turn();
}

function close() {
  for (const track of stream?.getTracks() ?? []) track.stop();
  stream = null;
  sound?.close();
  sound = null;
  video.srcObject = null;
  level.value = 0;
  view.hidden = true;
  stopping.hidden = true;
}

async function tryDevices() {
  close();
  ask.disabled = true;
  const tracks = [
    await open("sound", { audio: true }),
    await open("camera", { video: { width: { ideal: 640 } } }),
  ].filter(Boolean);
  ask.disabled = false;
  if (tracks.length === 0) return;
  stream = new MediaStream(tracks);
  view.hidden = false;
  stopping.hidden = false;
  const shown = stream.getVideoTracks();
  video.hidden = shown.length === 0;
  if (shown.length) video.srcObject = new MediaStream(shown);
  const [heard] = stream.getAudioTracks();
  if (heard) listen(heard);
  stopping.focus();
}

function begin() {
  const devices = checkBrowser();
  ask.hidden = !devices;
  again.hidden = false;
  show("camera", devices ? "todo" : "missed", devices ? words.cameraAsk : words.cameraNone);
  show("sound", devices ? "todo" : "missed", devices ? words.cameraAsk : words.soundNone);
  checkSpeed();
}

ask.addEventListener("click", tryDevices);
stopping.addEventListener("click", () => {
  close();
  ask.focus();
});
again.addEventListener("click", () => {
  close();
  begin();
});
addEventListener("pagehide", close);
setInterval(() => {
  if (list.querySelector('[data-check="clock"]').dataset.state) showClock();
}, 10_000);
begin();
