// Dead letters: events that the gateway gave up on.
import { confirmed } from "./confirm.js";
import { byId, el, setText } from "./dom.js";
import { words } from "./event.js";
import { cloudEvent, vendorTag } from "./row.js";
import { ago, fullTime, plural, visible } from "./text.js";

const pageSize = 100;

/** DeadLetters lists dead letters, and runs them again or drops them. */
export class DeadLetters {
  /** @type {Map<number, {letter: Object, item: HTMLElement}>} */
  #shown = new Map();
  #complete = true;  // there are no more than those shown
  #say;
  #token = "";
  #onChange;

  /**
   * @param {(text: string) => void} say tells the user what happened
   * @param {() => void} onChange is called when there are more or fewer
   */
  constructor(say, onChange) {
    this.#say = say;
    this.#onChange = onChange;
    byId("dead-more").addEventListener("click", () => this.#load(Math.max(...this.#shown.keys())));
    byId("dead-refresh").addEventListener("click", () => this.refresh());
  }

  /** setToken sets what proves to the gateway that a request is of this page. */
  setToken(token) {
    this.#token = token;
  }

  /** ofEndpoint says how many dead letters an endpoint has, or nothing. */
  ofEndpoint(name) {
    let count = 0;
    for (const { letter } of this.#shown.values()) if (letter.endpoint === name) count++;
    return count === 0 ? "" : `${this.#complete ? "" : "at least "}${plural(count, "dead letter")}`;
  }

  /** refresh reads the list anew. What is open stays open. */
  async refresh() {
    await this.#load(0);
  }

  async #load(after) {
    const { value, error } = await this.#ask("GET", `dead?limit=${pageSize}&after=${after}`);
    setText(byId("dead-error"), error ?? "");
    if (error) return;
    if (after === 0) {
      const numbers = new Set(value.map((letter) => letter.number));
      for (const number of [...this.#shown.keys()]) if (!numbers.has(number)) this.#forget(number);
    }
    for (const letter of value) this.#show(letter);
    this.#complete = value.length < pageSize;
    this.#describe();
  }

  #describe() {
    byId("dead-more").hidden = this.#complete;
    byId("dead-empty").hidden = this.#shown.size > 0;
    this.#onChange();
  }

  #show(letter) {
    const old = this.#shown.get(letter.number);
    if (old && JSON.stringify(old.letter) === JSON.stringify(letter)) return;
    const item = this.#make(letter);
    if (old) old.item.replaceWith(item);
    else byId("dead-list").append(item);
    this.#shown.set(letter.number, { letter, item });
  }

  #forget(number) {
    this.#shown.get(number)?.item.remove();
    this.#shown.delete(number);
  }

  #make(letter) {
    const { number } = letter;
    const title = letter.type ? visible(words(letter.type)) : "An event that cannot be decoded";
    const button = (text, action, kind = "") => {
      const b = el("button", { type: "button", class: kind, "aria-label": `${text} dead letter ${number}` }, text);
      b.addEventListener("click", () => action(b));
      return b;
    };
    const detail = el("div", { class: "dead-detail", hidden: true });
    const look = button("Look at", () => this.#look(number, title, look, detail));
    look.setAttribute("aria-expanded", "false");
    const last = new Date(letter.time);
    return el("li", { class: "dead" },
      el("div", { class: "dead-row" },
        el("div", { class: "dead-what" },
          el("h3", {}, el("span", { class: "dead-number" }, `#${number}`), ` ${title} `, letter.vendor ? vendorTag(letter.vendor) : null),
          el("p", { class: "dead-reason" }, visible(letter.eventError || letter.error || "")),
          el("p", { class: "more" }, `${plural(letter.attempts, "attempt")}, the last `,
            el("time", { datetime: letter.time, title: fullTime(last) }, ago(Date.now() - last)),
            letter.endpoint ? ` · endpoint ${visible(letter.endpoint)}` : "",
            ` · consumer ${visible(letter.consumer)}`)),
        el("div", { class: "dead-actions" }, look,
          button("Run again", (b) => this.#run(number, b)),
          button("Drop", (b) => this.#drop(number, title, b), "danger"))),
      detail);
  }

  async #look(number, title, button, detail) {
    const open = detail.hidden;
    if (open) {
      const { value, error } = await this.#ask("GET", `dead/${number}`);
      if (error) {
        this.#say(error);
        return;
      }
      detail.replaceChildren(value.event
        ? cloudEvent(JSON.stringify(value.event), title)
        : el("p", { class: "more" }, "There is nothing to show of this event."));
    } else {
      detail.replaceChildren();
    }
    detail.hidden = !open;
    button.setAttribute("aria-expanded", String(open));
  }

  async #run(number, button) {
    button.disabled = true;
    this.#say(`Dead letter ${number} is run again …`);
    const { error } = await this.#ask("POST", `dead/${number}/retry`);
    button.disabled = false;
    if (error) {
      this.#say(`Dead letter ${number} was run again: ${error}.`);
      button.focus();
      await this.refresh();
      return;
    }
    this.#gone(number);
    this.#say(`Dead letter ${number} was run again: it is handled.`);
  }

  async #drop(number, title, button) {
    if (!await confirmed(`Drop dead letter ${number}?`, `${title}. Its event is deleted, and no callback sees it any more.`, "Drop it", "Keep it")) {
      button.focus();
      return;
    }
    const { error } = await this.#ask("DELETE", `dead/${number}`);
    if (error) {
      this.#say(`Dead letter ${number} was not dropped: ${error}.`);
      button.focus();
      return;
    }
    this.#gone(number);
    this.#say(`Dead letter ${number} was dropped.`);
  }

  // gone removes a dead letter, and gives the focus to the next one.
  #gone(number) {
    const item = this.#shown.get(number)?.item;
    const next = item?.nextElementSibling ?? item?.previousElementSibling;
    this.#forget(number);
    (next?.querySelector("button") ?? byId("dead-title")).focus();
    this.#describe();
  }

  /** ask sends a request and returns {value} or {error}. */
  async #ask(method, path) {
    try {
      const answer = await fetch(path, {
        method,
        headers: method === "GET" ? {} : { "X-Accesshook-Token": this.#token },
      });
      const value = await answer.json();
      return answer.ok ? { value } : { error: visible(value.error ?? `the gateway answered ${answer.status}`) };
    } catch {
      return { error: "the gateway does not answer" };
    }
  }
}
