// Asking before something cannot be undone.
import { el } from "./dom.js";

/**
 * confirmed asks the user, and returns whether the answer is yes. Each question has a dialog
 * of its own, so that no answer is taken for that to another question.
 *
 * @param {string} question
 * @param {string} text  what follows from yes
 * @param {string} yes   on the button
 * @param {string} no    on the button, which has the focus at first
 * @returns {Promise<boolean>}
 */
export function confirmed(question, text, yes, no) {
  const button = (answer, words, kind) => {
    const b = el("button", { type: "button", class: kind }, words);
    b.addEventListener("click", () => dialog.close(answer));
    return b;
  };
  const dialog = el("dialog", { "aria-label": question },
    el("h2", {}, question),
    el("p", {}, text),
    el("div", { class: "dialog-actions" }, button("no", no), button("yes", yes, "danger filled")));
  document.body.append(dialog);
  dialog.showModal();
  return new Promise((resolve) => {
    dialog.addEventListener("close", () => {
      dialog.remove();
      resolve(dialog.returnValue === "yes");
    });
  });
}
