// The newest events, as many as this page keeps.

export const maxEvents = 1000;
const maxCharacters = 8 << 20;

/**
 * Kept holds the newest events, limited in number and in size. An event that is held is
 * not taken again: after a restart the gateway may send some a second time.
 */
export class Kept {
  /** @type {import("./event.js").Entry[]} oldest first */
  #entries = [];
  #keys = new Set();
  #characters = 0;

  /** add takes an event and reports whether it is new. */
  add(entry) {
    if (this.#keys.has(entry.key)) return false;
    this.#entries.push(entry);
    this.#keys.add(entry.key);
    this.#characters += entry.line.length;
    let excess = 0;
    while (this.#entries.length - excess > maxEvents || this.#characters > maxCharacters) {
      const oldest = this.#entries[excess++];
      this.#keys.delete(oldest.key);
      this.#characters -= oldest.line.length;
    }
    if (excess > 0) this.#entries.splice(0, excess);
    return true;
  }

  get size() {
    return this.#entries.length;
  }

  /** newest returns up to limit events that match, newest first, and how many match in all. */
  newest(limit, matches) {
    const shown = [];
    let total = 0;
    for (let i = this.#entries.length - 1; i >= 0; i--) {
      if (!matches(this.#entries[i])) continue;
      total++;
      if (shown.length < limit) shown.push(this.#entries[i]);
    }
    return { shown, total };
  }
}
