// Sends a form with a file and says how far it is. Without JavaScript the same form is sent plainly.
// The page also waits here for the worker: it asks in words how far processing is.

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

function start(form) {
  const words = form.dataset;
  const input = form.querySelector("input[type=file]");
  const panel = form.querySelector("[data-upload-panel]");
  const bar = panel.querySelector("progress");
  const text = panel.querySelector("[data-upload-text]");
  const cancel = panel.querySelector("[data-upload-cancel]");
  const button = form.querySelector("button[type=submit]");
  let request = null;

  /** Shows a sentence; what moves all the time is not read aloud. */
  function say(sentence, { isError = false, aloud = true } = {}) {
    text.setAttribute("aria-live", aloud ? "polite" : "off");
    text.textContent = sentence;
    text.classList.toggle("error", isError);
  }

  function stop(sentence) {
    request = null;
    window.removeEventListener("beforeunload", warn);
    button.disabled = false;
    bar.hidden = cancel.hidden = true;
    say(sentence, { isError: true });
  }

  const warn = (event) => event.preventDefault();

  function answered() {
    const answer = request;
    if (answer.status === 201) {
      window.removeEventListener("beforeunload", warn);
      location.assign(JSON.parse(answer.responseText).location);
      return;
    }
    const page = new DOMParser().parseFromString(answer.responseText, "text/html");
    const same = page.getElementById(form.id);
    if (answer.status === 422 && same) {
      stop("");
      // A file that was not at fault need not be chosen again.
      const fresh = same.querySelector("input[type=file]");
      if (fresh.getAttribute("aria-invalid") !== "true") fresh.replaceWith(input);
      form.replaceWith(same);
      start(same);
      same.querySelector("[data-testid=error-summary]")?.focus();
      return;
    }
    stop(page.querySelector("[data-testid=error-sentence]")?.textContent ?? words.failed);
  }

  form.addEventListener("submit", (event) => {
    event.preventDefault();
    if (request) return;
    panel.hidden = false;
    // What was wrong with the last try does not speak about this one.
    for (const old of form.querySelectorAll(".error-summary, .field:has(input[type=file]) .error")) old.remove();
    input.removeAttribute("aria-invalid");
    const file = input.files[0];
    if (file && file.size > Number(words.max)) {
      stop(fill(words.tooLarge, { size: size(file.size), max: size(Number(words.max)) }));
      return;
    }
    request = new XMLHttpRequest();
    request.open("POST", form.action || location.href);
    request.setRequestHeader("Accept", "application/json");
    request.upload.addEventListener("progress", ({ loaded, total }) => {
      bar.value = loaded / (total || 1);
      say(fill(words.sending, { percent: percent(loaded, total), sent: size(loaded), total: size(total) }), { aloud: false });
    });
    request.upload.addEventListener("load", () => say(words.checking));
    request.addEventListener("load", answered);
    request.addEventListener("error", () => stop(words.failed));
    request.addEventListener("abort", () => stop(words.cancelled));
    window.addEventListener("beforeunload", warn);
    bar.hidden = cancel.hidden = false;
    bar.value = 0;
    button.disabled = true;
    say(fill(words.sending, { percent: 0, sent: size(0), total: size(file?.size ?? 0) }));
    request.send(new FormData(form));
  });
  cancel.addEventListener("click", () => request?.abort());
}

for (const form of document.querySelectorAll("form[data-upload]")) start(form);

async function wait(box) {
  const bar = box.querySelector("progress");
  const text = box.querySelector("[data-wait-text]");
  for (;;) {
    await new Promise((resolve) => setTimeout(resolve, 3000));
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

for (const box of document.querySelectorAll("[data-wait]")) wait(box);
