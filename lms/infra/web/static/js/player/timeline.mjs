// The server leaves hidden passages out of the playlist, so the player's time is not the film's.
// Every time that people see or that is reported is one of the uncut film.

let map = []; // [player ms, uncut ms, length]
let whole = 0;

export function setMap(pieces, durationMs) {
  map = pieces;
  whole = durationMs || pieces.reduce((sum, piece) => sum + piece[2], 0);
}

export const duration = () => whole;

export function toUncut(playerMs) {
  const piece = map.findLast(([from]) => playerMs >= from) ?? map[0];
  if (!piece) return Math.round(playerMs);
  return Math.round(piece[1] + Math.min(Math.max(playerMs - piece[0], 0), piece[2]));
}

/** A moment in a hidden passage becomes the first one after it. */
export function toPlayer(uncutMs) {
  const piece = map.find(([, from, length]) => uncutMs < from + length) ?? map.at(-1);
  if (!piece) return uncutMs;
  return piece[0] + Math.max(0, Math.min(uncutMs - piece[1], piece[2]));
}

/** What was played between two player times, without what lies hidden between the pieces. */
export function uncutIntervals(fromMs, untilMs) {
  if (!map.length) return [[Math.round(fromMs), Math.round(untilMs)]];
  return map
    .map(([player, uncut, length]) => [
      Math.round(uncut + Math.max(0, fromMs - player)),
      Math.round(uncut + Math.min(length, untilMs - player)),
    ])
    .filter(([a, b]) => b > a);
}
