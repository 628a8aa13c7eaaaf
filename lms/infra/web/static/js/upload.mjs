// Sends the file of a form in pieces (tus 1.0), so that it goes on after a lost connection; the
// form follows when the file has arrived. Without JavaScript the same form is sent plainly.
// The page also waits here for the worker: it asks in words how far processing is.

const PIECE = 8_000_000; // bytes: what the usual proxies let through
const RETRY_AFTER = [0, 1000, 2000, 4000, 8000, 15_000, 30_000]; // ms
const RATE_OVER = 15_000; // ms of which the speed is the mean
const ASK_EVERY = 3000; // ms

const percent = (part, whole) => Math.floor((100 * part) / (whole || 1));

function size(bytes) {
  for (const unit of ["B", "kB", "MB", "GB"]) {
    if (bytes < 1000 || unit === "GB") return `${bytes < 10 && unit !== "B" ? bytes.toFixed(1) : Math.round(bytes)} ${unit}`;
    bytes /= 1000;
  }
  return "";
}

/** Fills {name} in a text of the page. */
const fill = (text, values) => text.replace(/\{(\w+)\}/g, (whole, name) => values[name] ?? whole);

const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

const json = (text) => {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
};

/** Tells the time left from what was sent in the last seconds. */
class Pace {
  #marks = [];

  note(sent) {
    const now = performance.now();
    this.#marks.push([now, sent]);
    while (this.#marks.length > 2 && now - this.#marks[0][0] > RATE_OVER) this.#marks.shift();
  }

  /** Seconds left, or null while there is nothing to go by. */
  left(rest) {
    const [first, last] = [this.#marks[0], this.#marks.at(-1)];
    if (!first || last[0] - first[0] < 2000 || last[1] <= first[1]) return null;
    return (rest * (last[0] - first[0])) / (last[1] - first[1]) / 1000;
  }
}

function start(form) {
  const words = form.dataset;
  const find = (what) => form.querySelector(`[data-upload-${what}]`);
  const input = form.querySelector("input[type=file]");
  const named = form.querySelector("input[name=upload]");
  const panel = find("panel");
  const bar = panel.querySelector("progress");
  const text = find("text");
  const [pauseButton, resumeButton, cancel] = [find("pause"), find("resume"), find("cancel")];
  const button = form.querySelector("button[type=submit]");
  let upload = null;
  let busy = false;
  let sent = 0;
  let pace = new Pace();

  const warn = (event) => event.preventDefault();

  /** Shows a sentence; what moves all the time is not read aloud. */
  function say(sentence, { isError = false, aloud = true } = {}) {
    text.setAttribute("aria-live", aloud ? "polite" : "off");
    text.textContent = sentence;
    text.classList.toggle("error", isError);
  }

  const at = () => ({ percent: percent(sent, upload?.file.size ?? 0) });

  /** Shows the buttons that make sense now. */
  function offer({ running = false, waiting = false }) {
    pauseButton.hidden = !running;
    resumeButton.hidden = !waiting;
    cancel.hidden = !running && !waiting;
  }

  function end(sentence) {
    upload = null;
    busy = false;
    window.removeEventListener("beforeunload", warn);
    window.removeEventListener("online", goOn);
    button.disabled = false;
    bar.hidden = true;
    named.value = "";
    offer({});
    say(sentence, { isError: true });
  }

  function showProgress(bytes, total) {
    sent = bytes;
    pace.note(bytes);
    bar.value = bytes / (total || 1);
    const seconds = pace.left(total - bytes);
    let sentence = fill(words.sending, { percent: percent(bytes, total), sent: size(bytes), total: size(total) });
    if (seconds !== null) {
      const minutes = Math.ceil(seconds / 60);
      sentence += ` · ${minutes > 1 ? fill(words.left, { minutes }) : words.leftShort}`;
    }
    say(sentence, { aloud: false });
  }

  function goOn() {
    if (!upload) return;
    window.removeEventListener("online", goOn);
    pace = new Pace();
    offer({ running: true });
    say(words.beginning, { aloud: false });
    upload.start();
  }

  /** The connection is gone for longer than is tried by itself. */
  function wait(sentence) {
    offer({ waiting: true });
    window.addEventListener("online", goOn);
    say(fill(sentence, at()), { isError: true });
  }

  const statusOf = (error) => error.originalResponse?.getStatus() ?? 0;

  function mayRetry(error) {
    const status = statusOf(error);
    if (status === 0 && !navigator.onLine) return false; // waits for the connection instead
    const passes = status === 0 || [409, 423, 429, 460].includes(status) || (status >= 500 && status !== 507);
    if (passes) say(fill(words.retrying, at()), { aloud: false });
    return passes;
  }

  function failed(error) {
    const status = statusOf(error);
    const told = json(error.originalResponse?.getBody() ?? "");
    if (status === 401) return end(fill(words.signedOut, at()));
    if (status >= 400 && status < 500) return refuse(told?.message ?? pageSentence(error.originalResponse.getBody()) ?? words.failed);
    if (status === 507 && told) return refuse(told.message);
    return wait(navigator.onLine ? words.interrupted : words.offline);
  }

  /** The file is at fault, or there is no room for it. */
  function refuse(sentence) {
    end(sentence);
    input.setAttribute("aria-invalid", "true");
    input.setAttribute("aria-describedby", `${text.id} ${input.getAttribute("aria-describedby") ?? ""}`.trim());
    input.focus();
  }

  const pageSentence = (html) =>
    new DOMParser().parseFromString(html, "text/html").querySelector("[data-testid=error-sentence]")?.textContent;

  /** Puts the form that came back, with what is wrong, in the place of this one. */
  function replaceForm(html) {
    const same = new DOMParser().parseFromString(html, "text/html").getElementById(form.id);
    if (!same) return false;
    end("");
    // A file that was not at fault need not be chosen again.
    const fresh = same.querySelector("input[type=file]");
    if (fresh.getAttribute("aria-invalid") !== "true") fresh.replaceWith(input);
    form.replaceWith(same);
    start(same);
    same.querySelector("[data-testid=error-summary]")?.focus();
    return true;
  }

  /** Sends the form without the file; returns the answer, or null when none came. */
  async function post(value) {
    const data = new FormData(form);
    data.delete(input.name);
    data.set("upload", value);
    try {
      const response = await fetch(form.action || location.href, {
        method: "POST", body: data, headers: { Accept: "application/json" },
      });
      return { status: response.status, body: await response.text() };
    } catch {
      return null;
    }
  }

  function leave(address) {
    window.removeEventListener("beforeunload", warn);
    location.assign(address);
  }

  /** Takes in what the server said of the form; returns whether that was the end of it. */
  function settled(answer) {
    if (answer?.status === 201) {
      leave(json(answer.body).location);
      return true;
    }
    if (answer?.status === 422 && replaceForm(answer.body)) return true;
    if (answer && answer.status < 500) {
      end(pageSentence(answer.body) ?? words.failed);
      return true;
    }
    return false;
  }

  /** The file has arrived: the form says what it is. An answer that is lost is asked for. */
  async function finish() {
    offer({});
    bar.removeAttribute("value");
    say(words.checking);
    const id = upload.url.split("/").pop();
    const forget = () => forgetUpload(upload.url);
    let answer = await post(id);
    if (answer && answer.status < 500) forget();
    while (!settled(answer)) {
      await pause(ASK_EVERY);
      let state = null;
      try {
        const response = await fetch(`${words.upload}/${id}/state`);
        if (response.redirected) return end(fill(words.signedOut, { percent: 100 }));
        if (response.status === 404) return end(words.failed);
        state = json(await response.text());
      } catch {
        continue; // no connection yet
      }
      if (!state) continue; // the server is away for a moment
      if (state.location) {
        forget();
        leave(state.location);
        return;
      }
      if (state.state === "whole") answer = await post(id);
      else if (state.state === "refused") {
        forget();
        end(state.message || words.failed);
        return;
      }
    }
  }

  const kind = () => form.querySelector("input[name=kind]:checked")?.value ?? "";

  async function send(file) {
    const { Upload, defaultOptions } = await import("../vendor/tus.mjs");
    const metadata = { filename: file.name, purpose: words.purpose, place: words.place, kind: kind() };
    upload = new Upload(file, {
      endpoint: words.upload,
      chunkSize: PIECE,
      retryDelays: RETRY_AFTER,
      metadata,
      headers: { "X-CSRFToken": form.querySelector("input[name=csrf_token]").value },
      urlStorage: defaultOptions.urlStorage,
      fingerprint: async () =>
        ["tomoni", words.purpose, words.place, metadata.kind, file.name, file.size, file.lastModified].join("-"),
      removeFingerprintOnSuccess: false, // until it is stored: the last answer may be lost too
      onProgress: showProgress,
      onShouldRetry: mayRetry,
      onError: failed,
      onSuccess: finish,
    });
    const [known] = await upload.findPreviousUploads();
    if (known) upload.resumeFromPreviousUpload(known);
    window.addEventListener("beforeunload", warn);
    bar.hidden = false;
    offer({ running: true });
    upload.start();
  }

  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    if (busy) return;
    panel.hidden = false;
    find("unfinished").hidden = true;
    // What was wrong with the last try does not speak about this one.
    for (const old of form.querySelectorAll(".error-summary, .field:has(input[type=file]) .error")) old.remove();
    input.removeAttribute("aria-invalid");
    const file = input.files[0];
    if (file && file.size > Number(words.max)) {
      refuse(fill(words.tooLarge, { size: size(file.size), max: size(Number(words.max)) }));
      return;
    }
    busy = true;
    button.disabled = true;
    sent = 0;
    pace = new Pace();
    bar.hidden = true;
    bar.value = 0;
    say(words.beginning);
    // First what costs nothing: is the rest of the form right?
    const answer = await post(file ? "check" : "");
    if (file && answer?.status === 200) await send(file);
    else if (!settled(answer)) end(words.failed);
  });

  pauseButton.addEventListener("click", async () => {
    await upload?.abort();
    offer({ waiting: true });
    say(fill(words.paused, at()));
    resumeButton.focus();
  });
  resumeButton.addEventListener("click", () => {
    goOn();
    pauseButton.focus();
  });
  cancel.addEventListener("click", async () => {
    const stopped = upload;
    upload = null; // nothing that is still on its way speaks any more
    end(words.cancelled);
    button.focus();
    await stopped?.abort(true).catch(() => null); // what stays there goes by itself after a while
  });
  tellUnfinished(form);
}

const remembered = () => Object.keys(localStorage).filter((key) => key.startsWith("tus::tomoni-"));

function forgetUpload(url) {
  for (const key of remembered()) {
    if (json(localStorage.getItem(key))?.uploadUrl === url) localStorage.removeItem(key);
  }
}

/** Says that an earlier upload for this form can be gone on with. */
async function tellUnfinished(form) {
  const words = form.dataset;
  const box = form.querySelector("[data-upload-unfinished]");
  for (const key of remembered()) {
    const known = json(localStorage.getItem(key));
    const told = known?.metadata;
    if (!told || told.purpose !== words.purpose || told.place !== words.place) continue;
    let state = null;
    try {
      const response = await fetch(`${known.uploadUrl}/state`, { headers: { Accept: "application/json" } });
      if (response.status === 404) localStorage.removeItem(key);
      state = response.ok ? json(await response.text()) : null;
    } catch {
      return; // no connection: nothing to tell
    }
    if (!state) continue;
    if (!["open", "whole"].includes(state.state)) {
      localStorage.removeItem(key);
      continue;
    }
    box.querySelector("p").textContent = fill(words.unfinished, {
      name: told.filename, percent: percent(state.received, state.size),
    });
    box.hidden = false;
    box.querySelector("button").addEventListener("click", async () => {
      const headers = { "X-CSRFToken": form.querySelector("input[name=csrf_token]").value, "Tus-Resumable": "1.0.0" };
      await fetch(known.uploadUrl, { method: "DELETE", headers }).catch(() => null);
      localStorage.removeItem(key);
      box.hidden = true;
      form.querySelector("input[type=file]").focus();
    });
    return;
  }
}

for (const form of document.querySelectorAll("form[data-upload]")) start(form);

async function waitFor(box) {
  const bar = box.querySelector("progress");
  const text = box.querySelector("[data-wait-text]");
  for (;;) {
    await pause(ASK_EVERY);
    if (document.hidden) continue;
    let answer;
    try {
      const response = await fetch(box.dataset.wait, { headers: { Accept: "application/json" } });
      if (!response.ok) return;
      answer = await response.json();
    } catch {
      continue; // the connection is gone for a while: ask again
    }
    if (!answer.waiting) {
      box.querySelector("[data-wait-done]").hidden = false;
      text.setAttribute("aria-live", "polite");
      text.textContent = box.dataset.done;
      bar.hidden = true;
      return;
    }
    bar.value = answer.permille;
    if (text.textContent !== answer.text) text.textContent = answer.text;
  }
}

for (const box of document.querySelectorAll("[data-wait]")) waitFor(box);
