// The strip that says how each endpoint does.
import { byId, el, setText } from "./dom.js";
import { byVendor, vendorClass, vendorName, vendorOf } from "./event.js";
import { ago, bytes, fullTime, number, plural } from "./text.js";

const interval = 5000; // milliseconds

/** Endpoints asks the gateway for its state while the page is visible. */
export class Endpoints {
  #cards = new Map();
  #onHealth;
  #deadLetters;

  /**
   * @param {(health: Object) => void} onHealth
   * @param {(endpoint: string) => string} deadLetters says how many an endpoint has
   */
  constructor(onHealth, deadLetters) {
    this.#onHealth = onHealth;
    this.#deadLetters = deadLetters;
    setInterval(() => this.poll(), interval);
    document.addEventListener("visibilitychange", () => this.poll());
    this.poll();
  }

  async poll() {
    if (document.hidden) return;
    try {
      const answer = await fetch("healthz", { headers: { Accept: "application/json" } });
      const health = await answer.json();
      if (!health.endpoints) return; // the public answer
      this.#show(health);
      this.#onHealth(health);
    } catch {
      // The connection is lost, which the stream says.
    }
  }

  #show(health) {
    const now = Date.parse(health.time);
    for (const [name, state] of Object.entries(health.endpoints).sort(([a], [b]) => byVendor(vendorOf(a), vendorOf(b)))) {
      const card = this.#cards.get(name) ?? this.#add(name);
      const last = state.lastEvent ? new Date(state.lastEvent) : null;
      setText(card.last, last ? ago(now - last) : "No event yet");
      card.last.title = last ? fullTime(last) : "";
      setText(card.events, plural(state.events ?? 0, "event"));
      figure(card.refused, state.refused ?? 0, `${number(state.refused ?? 0)} refused`);
      figure(card.duplicates, state.duplicates ?? 0, plural(state.duplicates ?? 0, "duplicate"));
      const dead = this.#deadLetters(name);
      figure(card.dead, dead, dead);
    }
    const parts = [];
    if (health.queue?.depth > 0) parts.push(`${plural(health.queue.depth, "event")} in the queue`);
    if (health.store && !health.store.up) parts.push("The store does not answer");
    else if (health.store) parts.push(`Store: ${plural(health.store.events, "event")}, ${bytes(health.store.bytes)} of ${bytes(health.store.maxBytes)}`);
    setText(byId("storage"), parts.join(" · "));
  }

  #add(name) {
    const card = {
      last: el("span", { class: "last" }), events: el("span"),
      refused: el("span"), duplicates: el("span"), dead: el("span", { class: "dead-letters" }),
    };
    byId("endpoints").append(el("li", { class: `endpoint ${vendorClass(vendorOf(name))}` },
      el("span", { class: "endpoint-head" }, el("span", { class: "endpoint-name" }, vendorName(name)), card.events, card.last),
      el("span", { class: "endpoint-figures" }, card.refused, card.duplicates, card.dead)));
    this.#cards.set(name, card);
    return card;
  }
}

function figure(e, count, text) {
  setText(e, text);
  e.classList.toggle("some", Boolean(count));
}
