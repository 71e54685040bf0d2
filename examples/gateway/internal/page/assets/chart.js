// Events a minute by vendor, and the figures beside it.
import { byId, el, setText, svg } from "./dom.js";
import { byVendor, vendorClass, vendorName } from "./event.js";
import { minuteClock, number, plural } from "./text.js";

const shownMinutes = 60;
const height = 100; // of the drawing, in its own units

/**
 * Chart shows what the gateway counted in the last hour. A table beside it has the same
 * numbers.
 */
export class Chart {
  #minutes = new Map(); // minute → vendor → [events, failures, alerts]
  #vendors = [];        // in a fixed order
  #total = 0;
  #offset = 0;          // clock of the gateway minus that of the browser
  #drawing = byId("chart");
  #bars = [];           // by position: the bars that are drawn, by vendor
  #timer = 0;
  #drawn = 0;           // when

  constructor() {
    for (let i = 0; i < shownMinutes; i++) {
      const title = svg("title");
      const group = svg("g", {}, svg("rect", { class: "hover", x: i, width: 1, y: 0, height }), title);
      this.#bars.push({ group, title, rects: new Map() });
      this.#drawing.append(group);
    }
    byId("chart-table").addEventListener("toggle", () => this.#drawTable());
    setInterval(() => this.#schedule(), 5000);
    this.#draw();
  }

  /** reset forgets everything: another process counts now. */
  reset() {
    this.#minutes.clear();
  }

  /** update takes a message of the gateway: minutes that are new or have changed. */
  update({ now, total, minutes }) {
    this.#offset = now - Date.now();
    this.#total = total;
    for (const { minute, vendors } of minutes) {
      this.#minutes.set(minute, vendors);
      for (const vendor of Object.keys(vendors)) {
        if (!this.#vendors.includes(vendor)) this.#vendors.push(vendor);
      }
    }
    this.#vendors.sort(byVendor);
    this.#schedule();
  }

  // schedule draws with the next frame, but at most once a second.
  #schedule() {
    if (this.#timer !== 0) return;
    const wait = Math.max(0, this.#drawn + 1000 - Date.now());
    this.#timer = setTimeout(() => requestAnimationFrame(() => {
      this.#timer = 0;
      this.#drawn = Date.now();
      this.#draw();
    }), wait);
  }

  #draw() {
    const last = Math.floor((Date.now() + this.#offset) / 60000);
    const first = last - shownMinutes + 1;
    for (const minute of this.#minutes.keys()) if (minute < first) this.#minutes.delete(minute);
    const sums = new Map([...this.#minutes].map(([minute, vendors]) => [minute, sum(vendors)]));
    const highest = Math.max(1, ...[...sums.values()].map(([events]) => events));
    this.#bars.forEach((bar, i) => this.#drawBar(bar, i, first + i, highest));
    setText(byId("chart-highest"), number(highest));

    const hour = sum(Object.fromEntries(sums));
    const minute = sums.get(last) ?? [0, 0, 0];
    setText(byId("figure-minute"), number(minute[0]));
    setText(byId("figure-hour"), number(hour[0]));
    setText(byId("figure-failures"), number(hour[1]));
    setText(byId("figure-alerts"), number(hour[2]));
    byId("figure-failures").classList.toggle("some", hour[1] > 0);
    byId("figure-alerts").classList.toggle("some", hour[2] > 0);
    setText(byId("figure-total"), `${plural(this.#total, "event")} since the gateway was started`);

    const busiest = [...sums].reduce((a, b) => (b[1][0] > a[1][0] ? b : a), [last, [0]]);
    this.#drawing.setAttribute("aria-label", `Events a minute by vendor in the last hour: ${plural(hour[0], "event")}, `
      + `most at ${minuteClock(new Date(busiest[0] * 60000))} with ${number(busiest[1][0])}`);
    this.#drawLegend();
    this.#drawTable();
  }

  #drawBar(bar, i, minute, highest) {
    const counted = this.#minutes.get(minute) ?? {};
    let top = height;
    const parts = [];
    for (const vendor of this.#vendors) {
      const events = counted[vendor]?.[0] ?? 0;
      let rect = bar.rects.get(vendor);
      if (!rect && events === 0) continue;
      if (!rect) {
        rect = svg("rect", { class: vendorClass(vendor), x: i + 0.12, width: 0.76 });
        bar.rects.set(vendor, rect);
        bar.group.append(rect);
      }
      const size = events === 0 ? 0 : Math.max(2, (events / highest) * height);
      top -= size;
      rect.setAttribute("y", top.toFixed(2));
      rect.setAttribute("height", size.toFixed(2));
      if (events > 0) parts.push(`${vendorName(vendor)} ${number(events)}`);
    }
    setText(bar.title, `${minuteClock(new Date(minute * 60000))}: ${parts.join(", ") || "no events"}`);
  }

  #drawLegend() {
    const legend = byId("legend");
    if (legend.childElementCount === this.#vendors.length) return;
    legend.replaceChildren(...this.#vendors.map((vendor) =>
      el("li", { class: `tag ${vendorClass(vendor)}` }, vendorName(vendor))));
  }

  #drawTable() {
    const details = byId("chart-table");
    if (!details.open) return;
    const row = (kind, cells) => el("tr", {}, ...cells.map((c, i) =>
      el(kind === "head" || i === 0 ? "th" : "td", { scope: kind === "head" ? "col" : i === 0 ? "row" : null }, c)));
    const minutes = [...this.#minutes].sort(([a], [b]) => b - a);
    details.querySelector("table").replaceChildren(
      el("caption", { class: "visually-hidden" }, "Events a minute by vendor"),
      el("thead", {}, row("head", ["Minute", ...this.#vendors.map(vendorName), "Failures", "Alerts"])),
      el("tbody", {}, ...minutes.map(([minute, vendors]) => row("body", [
        minuteClock(new Date(minute * 60000)),
        ...this.#vendors.map((vendor) => number(vendors[vendor]?.[0] ?? 0)),
        number(sum(vendors)[1]), number(sum(vendors)[2]),
      ]))));
  }
}

// sum adds up [events, failures, alerts].
function sum(counts) {
  return Object.values(counts).reduce((a, b) => a.map((n, i) => n + b[i]), [0, 0, 0]);
}
