// The live page: wires the connection, the list and the views.
import { Chart } from "./chart.js";
import { DeadLetters } from "./dead.js";
import { byId, setText } from "./dom.js";
import { Endpoints } from "./endpoints.js";
import { read } from "./event.js";
import { Filters } from "./filters.js";
import { Kept, maxEvents } from "./kept.js";
import { List } from "./list.js";
import { Notice, Status } from "./status.js";
import { Stream } from "./stream.js";
import { number, plural } from "./text.js";

const perFrame = 40; // events, so that a frame stays short however many come

const status = new Status();
const notice = new Notice();
const kept = new Kept();
const filters = new Filters(() => {
  list.rebuild();
  notice.whisper(`${list.summary} listed`);
});
const list = new List(kept, filters);
const chart = new Chart();
const dead = new DeadLetters((text) => notice.show(text), () => endpoints.poll());
const endpoints = new Endpoints(showHealth, (name) => dead.ofEndpoint(name));

// Lines that came and are not shown yet. More than the page keeps would be forgotten again.
let waiting = [];
let scheduled = false;

function came(line) {
  waiting.push(line);
  if (waiting.length > 2 * maxEvents) waiting = waiting.slice(-maxEvents);
  if (!scheduled) {
    scheduled = true;
    requestAnimationFrame(showNext);
  }
}

function showNext() {
  const entries = waiting.splice(0, perFrame).flatMap(readable).filter((entry) => kept.add(entry));
  for (const entry of entries) filters.see(entry);
  list.add(entries);
  scheduled = waiting.length > 0;
  if (scheduled) requestAnimationFrame(showNext);
}

// readable returns the event of a line, or nothing: one event must not stop the others.
function readable(line) {
  try {
    return [read(line)];
  } catch (e) {
    console.error("an event cannot be read:", e);
    return [];
  }
}

let run = "";      // of the gateway
let missed = 0;    // events that came too fast, since the page was loaded
let deadLetters = false;

new Stream({
  event: came,
  counts: (counts) => chart.update(counts),
  missed: (count) => {
    missed += count;
    notice.show(`Events come faster than this page takes them: ${number(missed)} are not listed here. The counters have them all.`);
  },
  lost: () => {
    if (status.lost()) {
      notice.keep(`The connection to the gateway is lost since ${status.since}. Trying again …`, "lost");
    }
  },
  hello: (hello, complete) => {
    if (hello.run !== run) chart.reset();
    if (run !== "") notice.show(back(hello, complete));
    else notice.hide();
    run = hello.run;
    status.live();
    dead.setToken(hello.token);
    deadLetters = hello.deadLetters;
    byId("nav-dead").hidden = !deadLetters;
    setText(byId("version"), hello.version);
    if (deadLetters) dead.refresh();
    showView();
  },
});

// back says what is to be known when the connection is there again.
function back(hello, complete) {
  const restarted = hello.resumed ? "" : ", and the gateway was restarted meanwhile";
  const connected = `The connection is back${restarted}.`;
  if (hello.missed > 0) {
    return `${connected} ${plural(hello.missed, "event")} came that the gateway no longer holds: not listed here.`;
  }
  if (hello.resumed || complete) return `${connected} No event was missed.`;
  return `${connected} It did not stop in the usual way: its last events may not be listed here.`;
}

let lastDead = -1; // how many dead letters there were

function showHealth(health) {
  const count = health.store?.up ? health.store.deadLetters : 0;
  const badge = byId("dead-count");
  setText(badge, number(count));
  badge.hidden = count === 0;
  if (count !== lastDead && lastDead >= 0 && deadLetters) dead.refresh();
  lastDead = count;
}

// Which view is shown is kept in the address, beside the filters.
function showView() {
  const showDead = deadLetters && new URLSearchParams(location.search).get("view") === "dead";
  byId("view-events").hidden = showDead;
  byId("view-dead").hidden = !showDead;
  for (const [id, current] of [["nav-events", !showDead], ["nav-dead", showDead]]) {
    if (current) byId(id).setAttribute("aria-current", "page");
    else byId(id).removeAttribute("aria-current");
  }
  document.title = `${showDead ? "Dead letters" : "Events"} · accesshook`;
}

function go(view, title) {
  return (e) => {
    if (e.ctrlKey || e.metaKey || e.shiftKey) return; // a new tab
    e.preventDefault();
    const query = new URLSearchParams(location.search);
    if (view) query.set("view", view);
    else query.delete("view");
    const search = query.toString();
    history.pushState(null, "", search ? `?${search}` : location.pathname);
    showView();
    byId(title).focus();
  };
}

byId("nav-events").addEventListener("click", go("", "events-title"));
byId("nav-dead").addEventListener("click", go("dead", "dead-title"));
addEventListener("popstate", () => {
  filters.readAddress();
  list.rebuild();
  showView();
});
byId("skip").addEventListener("click", (e) => {
  e.preventDefault();
  byId(byId("view-dead").hidden ? "events-title" : "dead-title").focus();
});
setText(byId("send-url"), `${location.origin}/webhooks/unloc`);
showView();
