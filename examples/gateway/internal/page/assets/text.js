// How text, numbers and times are shown.

// Characters that would change how the text around them is shown, or that cannot be seen:
// control characters, those of bidirectional text, line separators, invisible ones, tags,
// and halves of surrogate pairs.
const hidden = /[\u0000-\u001f\u007f-\u009f\u00ad\u061c\u180e\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb]|[\u{e0000}-\u{e007f}]|\p{Surrogate}/gu;

/**
 * visible writes the characters of a vendor's text that would not be seen as escapes, such
 * as \u202e. All vendor text that is shown goes through it.
 */
export function visible(text) {
  return String(text).replace(hidden, (c) => {
    const code = c.codePointAt(0);
    return code > 0xffff ? `\\u{${code.toString(16)}}` : `\\u${code.toString(16).padStart(4, "0")}`;
  });
}

/** shorten cuts a long text, for a cell of a table. */
export function shorten(text, length = 200) {
  return text.length > length ? `${text.slice(0, length)}…` : text;
}

const integer = new Intl.NumberFormat("en");

/** number writes 1234 as 1,234. */
export function number(n) {
  return integer.format(n);
}

/** plural writes "1 event", "2 events". */
export function plural(n, one, many = `${one}s`) {
  return `${number(n)} ${n === 1 ? one : many}`;
}

const clockFormat = new Intl.DateTimeFormat("en-GB", { hour: "2-digit", minute: "2-digit", second: "2-digit" });
const minuteFormat = new Intl.DateTimeFormat("en-GB", { hour: "2-digit", minute: "2-digit" });
const dayFormat = new Intl.DateTimeFormat("en-GB", { day: "numeric", month: "short" });
const fullFormat = new Intl.DateTimeFormat("en-GB", { dateStyle: "medium", timeStyle: "long" });

/** clock writes a time of today as 14:03:07, of another day as 2 Nov 14:03:07. */
export function clock(date) {
  if (isNaN(date)) return "";
  const time = clockFormat.format(date);
  return date.toDateString() === new Date().toDateString() ? time : `${dayFormat.format(date)} ${time}`;
}

/** minuteClock writes 14:03. */
export function minuteClock(date) {
  return minuteFormat.format(date);
}

/** fullTime writes date, time and zone. */
export function fullTime(date) {
  return isNaN(date) ? "" : fullFormat.format(date);
}

/** ago writes how long something was ago, in the largest unit that fits. */
export function ago(milliseconds) {
  const seconds = Math.max(0, Math.round(milliseconds / 1000));
  if (seconds < 5) return "just now";
  if (seconds < 60) return `${seconds} s ago`;
  if (seconds < 3600) return `${Math.floor(seconds / 60)} min ago`;
  if (seconds < 48 * 3600) return `${Math.floor(seconds / 3600)} h ago`;
  return `${Math.floor(seconds / 86400)} days ago`;
}

/** bytes writes a size such as 1.4 MB. */
export function bytes(n) {
  if (n < 1000) return `${n} B`;
  if (n < 1e6) return `${(n / 1e3).toFixed(0)} kB`;
  return n < 1e9 ? `${(n / 1e6).toFixed(1)} MB` : `${(n / 1e9).toFixed(1)} GB`;
}
