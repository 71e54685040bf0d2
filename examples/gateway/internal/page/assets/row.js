// One event in the list, and what opens below it.
import { el, icon } from "./dom.js";
import { levelText, vendorClass, vendorName } from "./event.js";
import { pretty } from "./json.js";
import { clock, fullTime } from "./text.js";

let details = 0;

/**
 * makeRow makes the row of an event. Roles are written out because the style sheet changes
 * the display of tables, and browsers then forget what they are.
 *
 * @param {import("./event.js").Entry} entry
 * @returns {HTMLElement}
 */
export function makeRow(entry) {
  const cell = (name, ...children) => el("td", { role: "cell", class: name }, ...children);
  return el("tr", { role: "row", class: `event level-${entry.level}` },
    cell("time", el("time", {
      datetime: isNaN(entry.time) ? null : entry.time.toISOString(), title: fullTime(entry.time),
    }, clock(entry.time))),
    cell("vendor", vendorTag(entry.vendor)),
    cell("what",
      el("button", { type: "button", class: "open", "aria-expanded": "false", tabindex: "-1" }, entry.words),
      entry.reason ? el("span", { class: "more" }, entry.reason) : null),
    cell("who", ...lines(entry.who.slice(0, 2))),
    cell("where", entry.where),
    cell("from", ...lines([entry.from, entry.place].filter(Boolean))),
    cell("outcome", el("span", { class: "badge" }, icon(entry.level), levelText(entry))));
}

// lines are shown one below the other, the first as what counts.
function lines(texts) {
  return texts.map((text, i) => el("span", { class: i > 0 ? "more" : null }, text));
}

/** vendorTag is the name of a vendor with its colour. */
export function vendorTag(vendor) {
  return el("span", { class: `tag ${vendorClass(vendor)}` }, vendorName(vendor));
}

/** makeDetail makes the row with the whole CloudEvent. */
export function makeDetail(entry) {
  const id = `detail-${++details}`;
  return el("tr", { role: "row", class: "detail", id },
    el("td", { role: "cell", colspan: "7", "aria-colspan": "7" }, cloudEvent(entry.line, entry.words)));
}

/** cloudEvent shows a CloudEvent with a button to copy it. */
export function cloudEvent(line, title) {
  const copy = el("button", { type: "button", class: "quiet copy" }, "Copy");
  copy.addEventListener("click", async () => {
    try {
      await navigator.clipboard.writeText(line);
      copy.textContent = "Copied";
    } catch {
      copy.textContent = "Not possible here"; // a browser allows it over HTTPS and on loopback
    }
    setTimeout(() => { copy.textContent = "Copy"; }, 2000);
  });
  const code = el("pre", { tabindex: "0", role: "region", "aria-label": `CloudEvent: ${title}` });
  code.append(pretty(line));
  return el("div", { class: "cloudevent" },
    el("div", { class: "cloudevent-head" },
      el("span", { class: "more" }, "CloudEvent, as the gateway writes it. Secrets are masked."), copy),
    code);
}
