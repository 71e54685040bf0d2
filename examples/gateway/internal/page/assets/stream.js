// The connection to the gateway.

const retryAfter = 5000;    // milliseconds, where the browser does not try again itself
const silentAfter = 45000;  // the gateway sends something every 15 seconds

/**
 * @typedef {Object} Hello
 * @property {string} run          changes when the gateway is restarted
 * @property {string} version
 * @property {boolean} deadLetters
 * @property {string} token        for requests that change something
 * @property {boolean} resumed     the stream goes on after the last event that was received
 * @property {number} missed       events that came since and are no longer held
 */

/**
 * Stream reads server-sent events and connects again when the connection is lost. It then
 * continues after the last event that it received.
 */
export class Stream {
  #handlers;
  #source;
  #timer = 0;
  #last = "";    // ID of the last event
  #heard = 0;    // when something came last
  #complete = false;  // the gateway said that it stops, and has sent everything

  /**
   * @param {Object} handlers
   * @param {(hello: Hello, complete: boolean) => void} handlers.hello  complete: the stream
   *   before ended with all events sent
   * @param {(line: string) => void} handlers.event
   * @param {(counts: Object) => void} handlers.counts
   * @param {(count: number) => void} handlers.missed
   * @param {() => void} handlers.lost
   */
  constructor(handlers) {
    this.#handlers = handlers;
    this.#open();
    setInterval(() => this.#checkSilence(), 5000);
  }

  #open() {
    clearTimeout(this.#timer);
    this.#source?.close();
    const after = this.#last ? `?after=${encodeURIComponent(this.#last)}` : "";
    const source = new EventSource(`events${after}`);
    this.#source = source;
    this.#heard = Date.now();
    const on = (name, handle) => source.addEventListener(name, (e) => {
      this.#heard = Date.now();
      handle(e);
    });
    on("message", (e) => {
      this.#last = e.lastEventId;
      this.#handlers.event(e.data);
    });
    on("hello", (e) => {
      const complete = this.#complete;
      this.#complete = false;
      this.#handlers.hello(JSON.parse(e.data), complete);
    });
    on("counts", (e) => this.#handlers.counts(JSON.parse(e.data)));
    on("missed", (e) => this.#handlers.missed(JSON.parse(e.data).count));
    on("bye", () => { this.#complete = true; });
    source.addEventListener("error", () => {
      this.#handlers.lost();
      // Not after an answer such as 503: then it is up to us.
      if (source.readyState === EventSource.CLOSED) {
        this.#timer = setTimeout(() => this.#open(), retryAfter);
      }
    });
  }

  // A connection can die without a word, such as when a computer sleeps.
  #checkSilence() {
    if (this.#source.readyState === EventSource.OPEN && Date.now() - this.#heard > silentAfter) {
      this.#handlers.lost();
      this.#open();
    }
  }
}
