// What the parts of the player share: its place in the page, its words, what the browser keeps.

export const root = document.querySelector("[data-player]");
export const config = JSON.parse(root.dataset.player);
export const words = config.words;

export const find = (name) => root.querySelector(`[data-${name}]`);
export const fill = (text, values) => text.replace(/\{(\w+)\}/g, (whole, name) => values[name] ?? whole);

/** 34:10, 1:02:03 */
export function clock(ms) {
  const seconds = Math.floor(ms / 1000);
  const two = (number) => String(number).padStart(2, "0");
  const [h, m, s] = [Math.floor(seconds / 3600), Math.floor(seconds / 60) % 60, seconds % 60];
  return h ? `${h}:${two(m)}:${two(s)}` : `${m}:${two(s)}`;
}

/** The moment that an address names (`?t=75`, `?t=1:15`), in ms; null for none. */
export function momentOf(text) {
  if (!/^\d{1,6}$|^(\d{1,3}:)?\d{1,3}:\d{1,2}$/.test(text ?? "")) return null;
  return text.split(":").reduce((sum, part) => sum * 60 + Number(part), 0) * 1000;
}

export const stored = {
  get(name) { try { return localStorage.getItem(name); } catch { return null; } },
  set(name, value) { try { localStorage.setItem(name, value); } catch { /* not kept, then */ } },
};

/** A short sentence that goes by itself. */
export function toast(text) {
  const box = document.getElementById("toasts");
  if ([...box.children].some((child) => child.textContent === text)) return;
  const line = Object.assign(document.createElement("p"), { className: "toast toast--warn", textContent: text });
  box.append(line);
  setTimeout(() => line.remove(), 10_000);
}

export const post = (address, body, more = {}) => fetch(address, {
  method: "POST", headers: { "Content-Type": "application/json", "X-CSRFToken": config.csrf },
  body: JSON.stringify(body), credentials: "same-origin", ...more,
});

export const readJson = (response) => response.json().catch(() => ({}));
