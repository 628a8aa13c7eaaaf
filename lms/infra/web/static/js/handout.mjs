// A handout: turns pages by keys, makes the page larger and smaller, fetches the next one ahead,
// prints, and fills the screen in a room. Everything but size and full screen works without it.

const link = (rel) => document.querySelector(`a[rel=${rel}]`);

function isTyping(event) {
  return event.defaultPrevented || event.altKey || event.ctrlKey || event.metaKey ||
    event.target.closest("input, select, textarea, [contenteditable]") !== null;
}

function onKeys(actions) {
  document.addEventListener("keydown", (event) => {
    if (isTyping(event)) return;
    if ([" ", "Enter"].includes(event.key) && event.target.closest("a, button, summary")) return;
    const act = actions[event.key];
    if (!act || act() === false) return;
    event.preventDefault();
  });
}

function follow(rel) {
  const found = link(rel);
  if (!found) return false;
  found.click();
  return true;
}

function reading(view) {
  const frame = view.querySelector("[data-frame]");
  const page = frame.querySelector("img");
  const told = view.querySelector("[data-zoom-text]");
  const sizes = [100, 125, 150, 200, 250, 300, 400];
  let place = 0;
  try {
    place = Math.max(0, sizes.indexOf(Number(sessionStorage.getItem("handout-size"))));
  } catch { /* a browser that keeps nothing */ }

  function show() {
    const middle = (frame.scrollLeft + frame.clientWidth / 2) / Math.max(frame.scrollWidth, 1);
    page.style.inlineSize = `${sizes[place]}%`;
    page.style.maxInlineSize = "none";
    frame.scrollLeft = middle * frame.scrollWidth - frame.clientWidth / 2;
    told.textContent = `${sizes[place]}%`;
    view.querySelector('[data-zoom="-1"]').disabled = place === 0;
    view.querySelector('[data-zoom="1"]').disabled = place === sizes.length - 1;
    try {
      sessionStorage.setItem("handout-size", sizes[place]);
    } catch { /* the same */ }
  }

  function zoom(step) {
    place = step === 0 ? 0 : Math.min(sizes.length - 1, Math.max(0, place + step));
    show();
    return true;
  }

  for (const button of view.querySelectorAll("[data-zoom]")) {
    button.addEventListener("click", () => zoom(Number(button.dataset.zoom)));
  }
  // Turning pages by the sideways arrows gives way to moving about on a page that is larger.
  const turn = (rel) => () => (place > 0 && document.activeElement === frame ? false : follow(rel));
  onKeys({
    ArrowRight: turn("next"), ArrowLeft: turn("prev"),
    PageDown: () => follow("next"), PageUp: () => follow("prev"),
    Home: () => follow("first"), End: () => follow("last"),
    "+": () => zoom(1), "=": () => zoom(1), "-": () => zoom(-1), 0: () => zoom(0),
    "/": () => document.querySelector("#q").focus(),
  });
  show();
  const ahead = page.dataset.ahead;
  if (ahead && !navigator.connection?.saveData) {
    const fetchAhead = () => { new Image().src = ahead; };
    if (page.complete) fetchAhead(); else page.addEventListener("load", fetchAhead, { once: true });
  }
}

function showing(stage) {
  const { pages, now, pattern, count, alt } = JSON.parse(stage.dataset.stage);
  const page = stage.querySelector("[data-page]");
  const told = stage.querySelector("[data-count]");
  const address = (number) => pattern.replace(/\/0\.png/, `/${number}.png`);
  let place = pages.indexOf(now);

  function go(step) {
    const next = place + step;
    if (next < 0 || next >= pages.length) return false;
    place = next;
    page.src = address(pages[place]);
    page.alt = alt.replace("{number}", pages[place]);
    told.textContent = `${pages[place]} / ${count}`;
    if (place + 1 < pages.length) new Image().src = address(pages[place + 1]);
    return true;
  }

  const fill = () => {
    if (document.fullscreenElement) document.exitFullscreen();
    else stage.requestFullscreen?.();
  };
  stage.querySelector("[data-fullscreen]").addEventListener("click", fill);
  for (const [rel, step] of [["prev", -1], ["next", 1]]) {
    link(rel)?.addEventListener("click", (event) => {
      if (go(step)) event.preventDefault();
    });
  }
  // A picture that is refused (the right has ended) leaves the old one standing no longer; where
  // none has come yet, loading the page again would only go on for ever.
  let seen = page.naturalWidth > 0;
  page.addEventListener("load", () => { seen = true; });
  page.addEventListener("error", () => { if (seen) window.location.reload(); });
  onKeys({
    ArrowRight: () => go(1), PageDown: () => go(1), " ": () => go(1), Enter: () => go(1),
    ArrowLeft: () => go(-1), PageUp: () => go(-1), f: fill, F: fill,
  });
  page.addEventListener("click", () => go(1));
}

const view = document.querySelector("[data-handout]");
if (view) reading(view);
const stage = document.querySelector("[data-stage]");
if (stage) showing(stage);
document.querySelector("[data-print]")?.addEventListener("click", () => window.print());
