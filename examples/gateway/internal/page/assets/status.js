// What the page says about the connection, and what it tells its user.
import { byId, setText } from "./dom.js";
import { clock } from "./text.js";

/** Status shows whether the connection is there. */
export class Status {
  #e = byId("status");
  #state = "connecting";
  since = ""; // when the connection was lost

  live() {
    this.#set("live", "Live");
  }

  /** lost reports whether the connection was there until now. */
  lost() {
    if (this.#state === "lost") return false;
    this.since = clock(new Date());
    this.#set("lost", "Connection lost");
    return true;
  }

  #set(state, text) {
    this.#state = state;
    this.#e.dataset.state = state;
    setText(this.#e, text);
  }
}

/**
 * Notice tells the user something, also one who does not see the page. It says little, so
 * that a screen reader is not interrupted all the time.
 */
export class Notice {
  #box = byId("notice");
  #text = byId("notice-text");
  #timer = 0;
  #whisperTimer = 0;

  constructor() {
    byId("notice-close").addEventListener("click", () => this.hide());
  }

  /** show says something for some time. */
  show(text) {
    this.keep(text, "info");
    this.#timer = setTimeout(() => this.hide(), 20000);
  }

  /** keep says something until there is something else to say. */
  keep(text, kind) {
    clearTimeout(this.#timer);
    this.#box.dataset.kind = kind;
    this.#box.dataset.shown = "true";
    setText(this.#text, text);
    byId("notice-close").hidden = false;
  }

  /** whisper says something to screen readers alone, once it no longer changes. */
  whisper(text) {
    clearTimeout(this.#whisperTimer);
    this.#whisperTimer = setTimeout(() => setText(byId("whisper"), text), 800);
  }

  /** hide takes back what was said. */
  hide() {
    clearTimeout(this.#timer);
    this.#box.dataset.shown = "false";
    setText(this.#text, "");
    byId("notice-close").hidden = true;
  }
}
