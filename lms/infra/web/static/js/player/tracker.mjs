// Follows the film: a continuous piece that was played becomes an interval.

import { find } from "./page.mjs";
import { uncutIntervals } from "./timeline.mjs";

const JUMP = 1_500; // a step between two time updates that is no playing (player ms, at speed 1)
const video = find("video");

export const tracker = {
  from: null, // player ms
  until: null,
  done: [],

  step() {
    const now = video.currentTime * 1000;
    if (video.seeking || video.paused) return;
    if (this.from === null) [this.from, this.until] = [now, now];
    else if (now < this.until || now - this.until > JUMP * Math.max(1, video.playbackRate)) this.cut(now);
    else this.until = now;
  },

  /** Ends the piece; the next begins at `now`. */
  cut(now = null) {
    if (this.from !== null && this.until > this.from) this.done.push(...uncutIntervals(this.from, this.until));
    this.from = this.until = now;
  },

  /** Ends the piece where a pause found it. */
  rest() {
    if (!video.seeking && this.from !== null) this.until = Math.max(this.until, video.currentTime * 1000);
    this.cut();
  },

  /** Takes out what was played since it was last asked; the piece goes on. */
  take() {
    this.step();
    this.cut(this.until);
    const taken = this.done;
    this.done = [];
    return taken;
  },
};
