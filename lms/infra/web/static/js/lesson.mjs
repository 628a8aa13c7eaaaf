// Terms of a lesson: beside the linked word a card with its reading and meaning. Without this the
// link leads to the entry. A mouse or the keyboard's focus shows the card; Enter, a click or a tap
// keeps it and goes into it; Escape closes it.

const links = document.querySelectorAll("a.term[data-term]");
const SHOW_MS = 250;
const HIDE_MS = 250;
const GAP = 8;
let open = null; // {link, card, kept}
let timer = 0;
let returning = false; // the focus comes back to a link whose card was just closed

const cardOf = (link) => document.getElementById(`card-${link.dataset.term}`);

function place(link, card) {
  const box = link.getClientRects()[0] ?? link.getBoundingClientRect();
  const wide = document.documentElement.clientWidth;
  const left = Math.max(GAP, Math.min(box.left, wide - card.offsetWidth - GAP));
  const below = box.bottom + GAP;
  const fits = below + card.offsetHeight <= window.innerHeight || box.top - GAP - card.offsetHeight < 0;
  const top = fits ? below : box.top - GAP - card.offsetHeight;
  card.style.left = `${left + window.scrollX}px`;
  card.style.top = `${top + window.scrollY}px`;
}

function hide({ back = false } = {}) {
  clearTimeout(timer);
  if (!open) return;
  const { link, card } = open;
  open = null;
  const held = card.contains(document.activeElement);
  card.hidePopover();
  link.setAttribute("aria-expanded", "false");
  if (!back || !held) return;
  returning = true;
  link.focus();
  returning = false;
}

function show(link, { keep = false } = {}) {
  clearTimeout(timer);
  const card = cardOf(link);
  if (open?.link !== link) {
    hide();
    card.showPopover();
    place(link, card);
    link.setAttribute("aria-expanded", "true");
    open = { link, card, kept: false };
  }
  if (keep) {
    open.kept = true;
    card.focus({ preventScroll: true });
  }
}

function later(act, ms) {
  clearTimeout(timer);
  timer = setTimeout(act, ms);
}

const leave = () => open && !open.kept && later(hide, HIDE_MS);

function follow(link) {
  const card = cardOf(link);
  link.setAttribute("aria-haspopup", "dialog");
  link.setAttribute("aria-expanded", "false");
  link.addEventListener("click", (event) => {
    if (event.ctrlKey || event.metaKey || event.shiftKey) return;
    event.preventDefault();
    if (open?.link === link && open.kept) hide();
    else show(link, { keep: true });
  });
  link.addEventListener("focus", () => !returning && link.matches(":focus-visible") && show(link));
  link.addEventListener("blur", (event) => !card.contains(event.relatedTarget) && leave());
  link.addEventListener("pointerenter", (event) => event.pointerType === "mouse" && later(() => show(link), SHOW_MS));
  link.addEventListener("pointerleave", () => (open ? leave() : clearTimeout(timer)));
  card.addEventListener("pointerenter", () => clearTimeout(timer));
  card.addEventListener("pointerleave", leave);
  card.addEventListener("focusout", (event) => {
    const to = event.relatedTarget;
    if (open?.card === card && to && to !== link && !card.contains(to)) hide();
  });
}

if ("popover" in HTMLElement.prototype) {
  for (const link of links) if (cardOf(link)) follow(link);
  document.addEventListener("keydown", (event) => event.key === "Escape" && hide({ back: true }));
  document.addEventListener("pointerdown", (event) => {
    if (open && !open.card.contains(event.target) && !open.link.contains(event.target)) hide();
  });
}

// A link into a folded passage opens it.
function unfold() {
  const fold = document.querySelector(":target")?.closest("details");
  if (fold) fold.open = true;
}

window.addEventListener("hashchange", unfold);
unfold();
