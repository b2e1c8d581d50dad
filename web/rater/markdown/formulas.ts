/** Formulas as MathML, which browsers draw themselves; loaded only when a text has some. */
import DOMPurify from "dompurify";
import temml from "temml";

/** Most formulas of one text that are drawn; the others stay as source text. */
const MAX_FORMULAS = 300;

/** Draws the formulas in a part of the page; invalid or suspicious ones stay as source text. */
export function drawFormulas(within: ParentNode): void {
  const all = [...within.querySelectorAll<HTMLElement>(".formula:not(.formula-drawn)")];
  for (const element of all.slice(0, MAX_FORMULAS)) {
    element.classList.add("formula-drawn");
    try {
      const mathml = temml.renderToString(element.textContent ?? "", {
        displayMode: element.classList.contains("formula-display"),
        throwOnError: true,
        trust: false,
        maxSize: [20, 20],
        maxExpand: 200,
      });
      const drawn = DOMPurify.sanitize(mathml, {
        USE_PROFILES: { mathMl: true },
        FORBID_ATTR: ["style", "class", "id", "href", "name"],
        RETURN_DOM_FRAGMENT: true,
      });
      element.title = element.textContent ?? "";
      element.replaceChildren(drawn);
    } catch {
      // The formula stays as source text.
    }
  }
}
