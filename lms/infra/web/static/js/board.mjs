// The live board: its changing part is fetched anew when something changed.

import { poll } from "./polling.mjs";

const board = document.querySelector("[data-board]");
const offline = document.querySelector("[data-board-offline]");

poll(board.dataset.board, {
  seconds: 5,
  version: board.dataset.version,
  async take(response) {
    const part = await response.text();
    const held = board.contains(document.activeElement) ? document.activeElement.dataset.testid : null;
    board.innerHTML = part;
    if (held) board.querySelector(`[data-testid="${held}"]`)?.focus();
  },
  lost(isLost) {
    offline.hidden = !isLost;
    offline.textContent = isLost ? board.dataset.offline : "";
  },
});
