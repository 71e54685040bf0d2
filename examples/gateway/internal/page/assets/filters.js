// Which events are listed. The choice is kept in the address of the page.
import { byId, el } from "./dom.js";
import { needsAttention, searchable, vendorName, words } from "./event.js";
import { visible } from "./text.js";

const names = ["q", "vendor", "type", "user", "outcome"];
const maxOptions = 200;

export class Filters {
  #form = byId("filters");
  #values = {};
  #onChange;
  #timer = 0;

  /** @param {() => void} onChange is called when other events match. */
  constructor(onChange) {
    this.#onChange = onChange;
    this.#form.addEventListener("submit", (e) => e.preventDefault());
    this.#form.addEventListener("input", (e) => {
      clearTimeout(this.#timer);
      this.#timer = setTimeout(() => this.#changed(), e.target.type === "search" ? 150 : 0);
    });
    byId("clear").addEventListener("click", () => this.clear());
    this.readAddress();
  }

  /** readAddress takes the values from the address. */
  readAddress() {
    const query = new URLSearchParams(location.search);
    for (const name of names) {
      const field = this.#form.elements[name];
      const value = query.get(name) ?? "";
      if (name === "vendor" || name === "type") this.#offer(field, value);
      field.value = value;
    }
    this.#take();
  }

  clear() {
    for (const name of names) this.#form.elements[name].value = "";
    this.#changed();
    this.#form.elements.q.focus();
  }

  /** active reports whether some events may not match. */
  get active() {
    return names.some((name) => this.#values[name] !== "");
  }

  /** see offers the vendor and the type of an event for choice. */
  see(entry) {
    this.#offer(this.#form.elements.vendor, entry.vendor);
    this.#offer(this.#form.elements.type, entry.type);
  }

  /** matches reports whether an event is to be listed. */
  matches(entry) {
    const { q, vendor, type, user, outcome } = this.#values;
    return (vendor === "" || entry.vendor === vendor)
      && (type === "" || entry.type === type)
      && (outcome === "" || (outcome === "attention" ? needsAttention(entry) : entry.outcome === outcome))
      && (user === "" || entry.who.some((name) => name.toLowerCase().includes(user)))
      && (q === "" || searchable(entry).includes(q));
  }

  #offered = new Set();

  #offer(select, value) {
    const key = `${select.name}\n${value}`;
    if (value === "" || this.#offered.has(key) || select.options.length > maxOptions) return;
    this.#offered.add(key);
    const label = select.name === "vendor" ? vendorName(value) : visible(words(value));
    const after = [...select.options].slice(1).find((o) => o.textContent.localeCompare(label) > 0);
    select.insertBefore(el("option", { value }, label), after ?? null);
  }

  #take() {
    for (const name of names) {
      const value = this.#form.elements[name].value;
      this.#values[name] = name === "q" || name === "user" ? value.trim().toLowerCase() : value;
    }
    byId("clear").hidden = !this.active;
  }

  #changed() {
    this.#take();
    const query = new URLSearchParams(location.search);
    for (const name of names) {
      const value = this.#form.elements[name].value;
      if (value.trim() === "") query.delete(name);
      else query.set(name, value);
    }
    const search = query.toString();
    history.replaceState(null, "", search ? `?${search}` : location.pathname);
    this.#onChange();
  }
}
