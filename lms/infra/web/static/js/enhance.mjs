// What makes pages more comfortable. Nothing here is needed to read a page or to send a form.
const root = document.documentElement;
root.classList.add("js");

/** Copies an icon of the sprite, found by the address of one already on the page. */
function icon(name) {
  const known = document.querySelector("svg.icon use");
  if (!known) return null;
  const svg = known.closest("svg").cloneNode(true);
  svg.removeAttribute("role");
  svg.removeAttribute("aria-label");
  svg.setAttribute("class", "icon");
  svg.setAttribute("aria-hidden", "true");
  const use = svg.querySelector("use");
  use.setAttribute("href", `${use.getAttribute("href").split("#")[0]}#${name}`);
  return svg;
}

/** Shows a message at the top of the page; screen readers speak it. kind: done | info | warn | danger. */
export function toast(text, kind = "done") {
  const box = document.createElement("div");
  box.className = `toast toast--${kind}`;
  const words = document.createElement("p");
  words.textContent = text;
  box.append(words);
  document.getElementById("toasts")?.append(box);
  return box;
}

for (const close of document.querySelectorAll("[data-toast-close]")) {
  close.hidden = false;
  close.addEventListener("click", () => close.closest("[data-toast]").remove());
}

// Dialogs: <details data-dialog> becomes a button and a native modal dialog.
for (const source of document.querySelectorAll("details[data-dialog]")) {
  const summary = source.querySelector(":scope > summary");
  const body = source.querySelector(":scope > .dialog__body");
  const dialog = document.createElement("dialog");
  dialog.id = source.id;
  dialog.setAttribute("aria-labelledby", `${source.id}-title`);
  const trigger = document.createElement("button");
  trigger.type = "button";
  trigger.className = summary.className;
  if (summary.dataset.testid) trigger.dataset.testid = summary.dataset.testid;
  trigger.setAttribute("aria-haspopup", "dialog");
  trigger.append(...summary.childNodes);
  const close = document.createElement("button");
  close.type = "button";
  close.className = "dialog__close";
  close.setAttribute("aria-label", body.dataset.closeLabel);
  const cross = icon("x-lg");
  close.append(cross ?? "×");
  dialog.append(body, close);
  const startsOpen = source.open || location.hash === `#${dialog.id}`;
  source.replaceWith(trigger, dialog);
  trigger.addEventListener("click", () => dialog.showModal());
  close.addEventListener("click", () => dialog.close());
  dialog.addEventListener("click", (event) => {
    if (event.target === dialog || event.target.closest("[data-dialog-close]")) dialog.close();
  });
  dialog.addEventListener("close", () => trigger.focus());
  if (startsOpen) dialog.showModal();
}

// Menus: one open at a time; Escape or a click elsewhere closes.
const menus = [...document.querySelectorAll("details[data-menu]")];
document.addEventListener("click", (event) => {
  for (const menu of menus) if (menu.open && !menu.contains(event.target)) menu.open = false;
});
document.addEventListener("keydown", (event) => {
  if (event.key !== "Escape") return;
  for (const menu of menus) {
    if (!menu.open) continue;
    menu.open = false;
    menu.querySelector("summary").focus();
  }
});

// A form with a question asks it first.
document.addEventListener("submit", (event) => {
  const form = event.target;
  const question = form.dataset?.confirm;
  if (!question || form.dataset.confirmed) return;
  event.preventDefault();
  const submitter = event.submitter;
  const dialog = document.getElementById("confirm-template").content.firstElementChild.cloneNode(true);
  dialog.querySelector("[data-confirm-text]").textContent = question;
  dialog.setAttribute("aria-label", question);
  dialog.addEventListener("click", (click) => {
    const answer = click.target.closest("button")?.value;
    if (!answer) return;
    dialog.close();
    if (answer !== "yes") return;
    form.dataset.confirmed = "yes";
    form.requestSubmit(submitter);
  });
  dialog.addEventListener("close", () => dialog.remove());
  document.body.append(dialog);
  dialog.showModal();
});

// One press, one sending.
document.addEventListener("submit", (event) => {
  const form = event.target;
  if (event.defaultPrevented || form.method !== "post") return;
  if (form.dataset.sent) event.preventDefault();
  form.dataset.sent = "yes";
  setTimeout(() => delete form.dataset.sent, 4000); // an answer that is a download leaves the page as it is
});
window.addEventListener("pageshow", () => {
  for (const form of document.querySelectorAll("form[data-sent]")) {
    delete form.dataset.sent;
    delete form.dataset.confirmed;
  }
});

for (const select of document.querySelectorAll("select[data-autosubmit]")) {
  select.addEventListener("change", () => select.form.requestSubmit());
}

// Light or dark: kept in a cookie, so that the server draws the page right from its first byte.
const themeButtons = [...document.querySelectorAll("[data-theme-set]")];
function showTheme() {
  for (const button of themeButtons) {
    button.setAttribute("aria-pressed", String(button.dataset.themeSet === (root.dataset.theme ?? "")));
  }
}
for (const button of themeButtons) {
  button.addEventListener("click", () => {
    const theme = button.dataset.themeSet;
    if (theme) root.dataset.theme = theme;
    else delete root.dataset.theme;
    const meta = document.querySelector("meta[name=color-scheme]");
    if (meta) meta.content = theme || "light dark";
    document.cookie = `theme=${theme}; path=/; max-age=${theme ? 31536000 : 0}; samesite=lax`;
    showTheme();
  });
}
showTheme();

document.querySelector("[data-autofocus]")?.focus();
