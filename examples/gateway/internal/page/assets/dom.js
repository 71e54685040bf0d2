// Making elements. Text always becomes a text node, never markup.

/**
 * el makes an element: el("p", {class: "note"}, "text", child).
 * Attributes that are null, undefined or false are left out.
 *
 * @param {string} name
 * @param {Object<string, any>} [attributes]
 * @param {...(Node|string|null)} children
 * @returns {HTMLElement}
 */
export function el(name, attributes = {}, ...children) {
  const e = document.createElement(name);
  set(e, attributes);
  for (const child of children) if (child !== null) e.append(child);
  return e;
}

/** svg is el for an SVG element. */
export function svg(name, attributes = {}, ...children) {
  const e = document.createElementNS("http://www.w3.org/2000/svg", name);
  set(e, attributes);
  e.append(...children);
  return e;
}

function set(e, attributes) {
  for (const [name, value] of Object.entries(attributes)) {
    if (value === null || value === undefined || value === false) continue;
    e.setAttribute(name, value === true ? "" : value);
  }
}

/** byId returns the element of index.html with an ID. */
export function byId(id) {
  return document.getElementById(id);
}

/** setText changes the text of an element, and does nothing if it has it already. */
export function setText(e, text) {
  if (e.textContent !== text) e.textContent = text;
}

const paths = {
  success: "M3.5 8.5l3 3 6-7",
  failure: "M4 4l8 8M12 4l-8 8",
  alert: "M8 2.2L14.5 13.5h-13zM8 6.2v3.6M8 11.6v.3",
  unknown: "M4 8h8",
};

/** icon makes one of the icons success, failure, alert and unknown. Text beside it says the same. */
export function icon(name) {
  return svg("svg", { viewBox: "0 0 16 16", class: "icon", "aria-hidden": "true" },
    svg("path", { d: paths[name] }));
}
