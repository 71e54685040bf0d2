// What is shown of an event.
import { shorten, visible } from "./text.js";

/**
 * An Entry is an event as the list shows it. Its strings come from vendors, with invisible
 * characters as escapes.
 *
 * @typedef {Object} Entry
 * @property {string} key       the same for the same event: CloudEvents source and id
 * @property {string} line      the CloudEvent, as it came
 * @property {string} vendor
 * @property {string} type      such as "session.started"
 * @property {string} words     such as "Session started"
 * @property {Date} time        when it happened
 * @property {string} outcome   "success", "failure" or "unknown"
 * @property {string} severity
 * @property {string} level     "alert", "failure", "success" or "unknown": how it stands out
 * @property {string} reason
 * @property {string[]} who     name first, then what else identifies the user
 * @property {string} where     the door, or the computer or device
 * @property {string} from      the address of the client
 * @property {string} place     of the client
 * @property {string|null} haystack  see searchable
 */

const typeWords = {
  "authentication.succeeded": "Logged on",
  "authentication.failed": "Logon refused",
  "lock.unlocked": "Door unlocked",
  "lock.locked": "Door locked",
  "lock.code_viewed": "Door code viewed",
};

/**
 * words says what happened: "session.started" is "Session started", and
 * "account.password_changed" is "Password changed".
 */
export function words(type, vendorType = "") {
  if (type === "unknown") return vendorType ? `Unknown: ${vendorType}` : "Unknown";
  if (typeWords[type]) return typeWords[type];
  const [family, action = ""] = type.split(".", 2);
  const text = (action.includes("_") ? action : `${family} ${action}`).replaceAll("_", " ").trim();
  const shown = text.replace(/\b(pin|uid)\b/g, (w) => w.toUpperCase());
  return shown.charAt(0).toUpperCase() + shown.slice(1);
}

const vendorNames = { userlock: "UserLock", unloc: "Unloc", relock: "Relock", loginradius: "LoginRadius" };

const vendorsInOrder = Object.keys(vendorNames);

/** byVendor compares vendors, for a fixed order: those of the gateway first. */
export function byVendor(a, b) {
  const place = (vendor) => (vendorsInOrder.indexOf(vendor) + 1) || vendorsInOrder.length + 1;
  return place(a) - place(b) || a.localeCompare(b);
}

/** vendorOf guesses the vendor of an endpoint with a name such as "relock-eu", for its colour. */
export function vendorOf(endpoint) {
  return vendorsInOrder.find((vendor) => endpoint.startsWith(vendor)) ?? endpoint;
}

/** vendorName writes a vendor as it writes itself. */
export function vendorName(vendor) {
  return Object.hasOwn(vendorNames, vendor) ? vendorNames[vendor] : visible(vendor);
}

/** vendorClass is the CSS class with the colour of a vendor. */
export function vendorClass(vendor) {
  return Object.hasOwn(vendorNames, vendor) ? `vendor-${vendor}` : "vendor-other";
}

/**
 * read makes an Entry of a CloudEvent. It throws if the line is no JSON object.
 *
 * @param {string} line
 * @returns {Entry}
 */
export function read(line) {
  const envelope = JSON.parse(line);
  const data = object(envelope.data);
  const user = object(data.user);
  const device = object(data.device);
  const client = object(data.client);
  const place = object(data.location);
  const type = text(data.type) || "unknown";
  const outcome = text(data.outcome) || "unknown";
  const severity = text(data.severity);
  const account = user.domain && user.name ? `${user.domain}\\${user.name}` : user.name;
  const reason = text(data.reason);
  return {
    key: `${envelope.source}\n${data.id ?? envelope.id}`,
    line,
    vendor: String(data.vendor ?? ""),
    type,
    words: cell(words(type, text(data.vendorType))),
    time: new Date(data.time ?? data.received ?? NaN),
    outcome,
    severity,
    level: level(type, outcome, severity),
    reason: cell(/^[a-z_]+$/.test(reason) ? reason.replaceAll("_", " ") : reason),
    who: unique([user.fullName, account, user.email, user.id, user.phone]),
    where: cell(object(data.lock).name || object(data.lock).id || device.name || device.id),
    from: cell(client.address || client.mac || client.name),
    place: cell([place.city, place.countryCode || place.country].filter(Boolean).join(", ")),
    haystack: null,
  };
}

function level(type, outcome, severity) {
  if (type === "security.alert" || severity === "high" || severity === "critical") return "alert";
  return outcome === "failure" || outcome === "success" ? outcome : "unknown";
}

const levelWords = { alert: "Alert", failure: "Failure", success: "Success", unknown: "Unknown" };

/** levelText says how an event stands out, in a word. */
export function levelText(entry) {
  return levelWords[entry.level];
}

/** needsAttention reports whether somebody should look at an event. */
export function needsAttention(entry) {
  return entry.level === "alert" || entry.level === "failure";
}

/**
 * searchable is all text of an event in lower case, for a search. It is made when it is
 * first asked for.
 */
export function searchable(entry) {
  if (entry.haystack === null) {
    const found = [entry.words, vendorName(entry.vendor), entry.reason, ...entry.who];
    collect(JSON.parse(entry.line), found, 0);
    entry.haystack = found.join("\n").slice(0, 32768).toLowerCase();
  }
  return entry.haystack;
}

function collect(value, found, depth) {
  if (value !== null && typeof value === "object") {
    if (depth < 64) for (const child of Object.values(value)) collect(child, found, depth + 1);
  } else if (value !== null && typeof value !== "boolean") {
    found.push(String(value));
  }
}

function object(v) {
  return v !== null && typeof v === "object" ? v : {};
}

function text(v) {
  return typeof v === "string" ? v : "";
}

function cell(v) {
  return typeof v === "string" ? shorten(visible(v)) : "";
}

function unique(values) {
  return [...new Set(values.map(cell).filter(Boolean))];
}
