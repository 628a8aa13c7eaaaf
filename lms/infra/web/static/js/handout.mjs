// Turns the pages of a handout by the arrow keys, and fetches the next one ahead.

const next = document.querySelector("a[rel=next]");
const previous = document.querySelector("a[rel=prev]");

document.addEventListener("keydown", (event) => {
  if (event.defaultPrevented || event.altKey || event.ctrlKey || event.metaKey || event.shiftKey) return;
  if (event.target.closest("input, select, textarea, [contenteditable]")) return;
  const link = { ArrowRight: next, PageDown: next, ArrowLeft: previous, PageUp: previous }[event.key];
  if (!link) return;
  event.preventDefault();
  link.click();
});
