// Showing JSON with indentation.
import { el } from "./dom.js";
import { visible } from "./text.js";

const token = /"(?:[^"\\]|\\.)*"|[{}[\],:]|[^\s{}[\],:"]+/g;

// Longer texts have no colours, which would cost an element for each value.
const maxColoured = 65536;

/**
 * pretty shows a line of JSON, with one value a line. It keeps all as it is written:
 * numbers with all digits, the order of names, and escapes.
 *
 * @param {string} json
 * @returns {DocumentFragment}
 */
export function pretty(json) {
  const out = new DocumentFragment();
  const coloured = json.length <= maxColoured;
  let plain = "";
  const write = (text, kind) => {
    if (!coloured || !kind) {
      plain += text;
      return;
    }
    out.append(plain, el("span", { class: kind }, text));
    plain = "";
  };
  let depth = 0;
  const newLine = () => write("\n" + "  ".repeat(Math.min(depth, 40)));
  const tokens = json.match(token) ?? [];
  tokens.forEach((t, i) => {
    const next = tokens[i + 1];
    switch (t) {
      case "{":
      case "[":
        depth++;
        write(t);
        if (next !== "}" && next !== "]") newLine();
        break;
      case "}":
      case "]":
        depth--;
        if (tokens[i - 1] !== "{" && tokens[i - 1] !== "[") newLine();
        write(t);
        break;
      case ",":
        write(t);
        newLine();
        break;
      case ":":
        write(": ");
        break;
      default:
        write(visible(t), next === ":" ? "json-name" : t.startsWith('"') ? "json-string" : "json-other");
    }
  });
  out.append(plain);
  return out;
}
