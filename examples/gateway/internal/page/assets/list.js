// The list of events, newest first.
import { byId, setText } from "./dom.js";
import { makeDetail, makeRow } from "./row.js";
import { number, plural } from "./text.js";

const step = 100; // rows shown at first, and added by "Show older"

/**
 * List shows the newest events that match the filters. It stands still while it is paused,
 * while an event is open, and while the keyboard is used in it, and counts what comes.
 */
export class List {
  #kept;
  #filters;
  #body = byId("rows");
  #limit = step;
  #rows = [];           // what is shown, newest first: {entry, row, detail}
  #ofButton = new Map(); // the same, by the button of the row
  #matching = 0;        // events kept that match
  #paused = false;
  #fresh = 0;           // events that match and came while the list stood still

  constructor(kept, filters) {
    this.#kept = kept;
    this.#filters = filters;
    this.#body.addEventListener("click", (e) => this.#clicked(e));
    this.#body.addEventListener("keydown", (e) => this.#pressed(e));
    this.#body.addEventListener("focusout", () => setTimeout(() => this.#focusLeft()));
    byId("pause").addEventListener("click", () => this.#togglePause());
    byId("older").addEventListener("click", () => {
      this.#limit += step;
      this.#extend();
    });
    this.#describe();
  }

  /** add shows events that are new in what is kept, in the order in which they came. */
  add(entries) {
    const fresh = entries.filter((entry) => this.#filters.matches(entry));
    if (this.#held) {
      this.#fresh += fresh.length;
    } else {
      const rows = fresh.reverse().slice(0, this.#limit).map((entry) => this.#make(entry));
      this.#rows.unshift(...rows);
      this.#body.prepend(...rows.map(({ row }) => row));
      while (this.#rows.length > this.#limit) this.#remove(this.#rows.pop());
      this.#matching = Math.min(this.#matching + fresh.length, this.#kept.size);
    }
    this.#describe();
  }

  /** rebuild shows what matches now. */
  rebuild() {
    for (const shown of this.#rows) this.#remove(shown);
    const { shown, total } = this.#kept.newest(this.#limit, (entry) => this.#filters.matches(entry));
    this.#matching = total;
    this.#fresh = 0;
    this.#rows = shown.map((entry) => this.#make(entry));
    this.#body.append(...this.#rows.map(({ row }) => row));
    this.#describe();
  }

  /** summary says how many events match. */
  get summary() {
    if (!this.#filters.active) return plural(this.#kept.size, "event");
    return `${number(Math.min(this.#matching, this.#kept.size))} of ${plural(this.#kept.size, "event")}`;
  }

  get #held() {
    return this.#paused || this.#rows.some(({ detail }) => detail) || this.#body.querySelector(":focus-visible") !== null;
  }

  // extend adds older rows below, and leaves those above as they are.
  #extend() {
    const { shown } = this.#kept.newest(Infinity, (entry) => this.#filters.matches(entry));
    const last = shown.indexOf(this.#rows.at(-1)?.entry); // -1: nothing older is kept
    const rows = last < 0 ? [] : shown.slice(last + 1, last + 1 + step).map((entry) => this.#make(entry));
    this.#matching = this.#rows.length + (last < 0 ? 0 : shown.length - last - 1);
    this.#rows.push(...rows);
    this.#body.append(...rows.map(({ row }) => row));
    rows[0]?.row.querySelector(".open").focus();
    this.#describe();
  }

  #make(entry) {
    const shown = { entry, row: makeRow(entry), detail: null };
    this.#ofButton.set(shown.row.querySelector(".open"), shown);
    return shown;
  }

  #remove({ row, detail }) {
    this.#ofButton.delete(row.querySelector(".open"));
    row.remove();
    detail?.remove();
  }

  #togglePause() {
    if (!this.#held) {
      this.#paused = true;
      this.#describe();
      return;
    }
    this.#paused = false;
    for (const shown of this.#rows) this.#close(shown);
    this.rebuild();
  }

  #focusLeft() {
    if (!this.#held && this.#fresh > 0) this.rebuild();
    else this.#describe();
  }

  #toggle(shown) {
    if (shown.detail) {
      this.#close(shown);
    } else {
      shown.detail = makeDetail(shown.entry);
      shown.row.after(shown.detail);
      const button = shown.row.querySelector(".open");
      button.setAttribute("aria-expanded", "true");
      button.setAttribute("aria-controls", shown.detail.id);
      shown.row.classList.add("opened");
    }
    this.#describe();
  }

  #close(shown) {
    if (!shown.detail) return;
    shown.detail.remove();
    shown.detail = null;
    const button = shown.row.querySelector(".open");
    button.setAttribute("aria-expanded", "false");
    button.removeAttribute("aria-controls");
    shown.row.classList.remove("opened");
  }

  #clicked(e) {
    const row = e.target.closest("tr.event");
    if (!row) return;
    const selection = getSelection();
    if (e.detail > 0 && !selection.isCollapsed && row.contains(selection.anchorNode)) return; // text was selected
    const button = row.querySelector(".open");
    button.focus({ preventScroll: true });
    this.#toggle(this.#ofButton.get(button));
  }

  // pressed moves between rows by arrow keys, and closes by Escape.
  #pressed(e) {
    const inRow = e.target.closest("tr");
    const at = this.#rows.findIndex(({ row, detail }) => row === inRow || detail === inRow);
    if (at < 0) return;
    if (e.key === "Escape" && this.#rows[at].detail) {
      this.#close(this.#rows[at]);
      this.#rows[at].row.querySelector(".open").focus();
      this.#describe();
      e.preventDefault();
      return;
    }
    const to = { ArrowDown: at + 1, ArrowUp: at - 1, Home: 0, End: this.#rows.length - 1 }[e.key];
    if (to === undefined || !e.target.matches(".open") || !this.#rows[to]) return;
    this.#rows[to].row.querySelector(".open").focus();
    this.#describe();
    e.preventDefault();
  }

  // describe writes what is said about the list. One row can be reached by Tab: the one
  // that has the focus, or else the first.
  #describe() {
    setText(byId("summary"), this.summary);
    const pause = byId("pause");
    const held = this.#held;
    setText(pause, held ? `Resume${this.#fresh > 0 ? ` · ${number(this.#fresh)} new` : ""}` : "Pause");
    pause.classList.toggle("held", held);
    byId("older").hidden = this.#rows.length >= this.#matching || this.#rows.length === 0;
    byId("empty").hidden = this.#kept.size > 0;
    byId("no-match").hidden = this.#kept.size === 0 || this.#rows.length > 0;
    byId("table").hidden = this.#rows.length === 0;
    const focused = this.#rows.find(({ row }) => row.contains(document.activeElement));
    const reachable = (focused ?? this.#rows[0])?.row.querySelector(".open");
    if (reachable === this.#reachable) return;
    this.#reachable?.setAttribute("tabindex", "-1");
    reachable?.setAttribute("tabindex", "0");
    this.#reachable = reachable;
  }

  #reachable = null;
}
