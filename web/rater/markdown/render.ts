/**
 * Renders untrusted Markdown as a piece of the page. A model's text counts as hostile: HTML is shown as text, images as
 * their descriptions, links as buttons that ask first; the rest passes DOMPurify with a short list of elements and
 * almost no attributes. The page's policy (only its own scripts, styles and requests) is the last defence.
 */
import DOMPurify from "dompurify";
import { Marked, type Tokens } from "marked";

/**
 * Most characters that are read as Markdown; longer texts are shown as plain text, because parsing takes more than
 * linear time.
 */
const MAX_MARKDOWN = 30_000;
/** Most characters of one formula. */
const MAX_FORMULA = 2000;

const ELEMENTS = [
  ...["p", "br", "hr", "h3", "h4", "h5", "h6", "strong", "em", "del", "code", "pre", "blockquote"],
  ...["ul", "ol", "li", "table", "thead", "tbody", "tr", "th", "td", "a", "span", "div"],
];

/** Words shown in place of what is left out. */
export interface MarkdownWords {
  image(alt: string): string;
}

const escaped = (text: string): string =>
  text.replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`);

/** `$$...$$`, `\[...\]`, `\(...\)` and `$...$` without blanks just inside the dollar signs, as in Pandoc. */
const formula = {
  name: "formula",
  level: "inline" as const,
  start: (source: string) => {
    const at = source.search(/[$\\]/);
    return at < 0 ? undefined : at;
  },
  tokenizer(source: string) {
    for (const [open, close, display] of [
      ["$$", "$$", true],
      ["\\[", "\\]", true],
      ["\\(", "\\)", false],
      ["$", "$", false],
    ] as const) {
      if (!source.startsWith(open)) continue;
      const end = source.slice(0, MAX_FORMULA).indexOf(close, open.length);
      const text = source.slice(open.length, end);
      if (end < 0 || text.trim() === "") return undefined;
      const prices = open === "$" && (/^\s|\s$/.test(text) || /^\d/.test(source.slice(end + 1)));
      return prices
        ? undefined
        : { type: "formula", raw: source.slice(0, end + close.length), text, display };
    }
    return undefined;
  },
  renderer: ({ text, display }: Tokens.Generic) =>
    `<span class="formula${display ? " formula-display" : ""}">${escaped(String(text))}</span>`,
};

function parser(words: MarkdownWords): Marked {
  const marked = new Marked({ gfm: true, breaks: true, async: false });
  marked.use({
    extensions: [formula],
    renderer: {
      html: ({ text }) => escaped(text),
      image: ({ text }) => escaped(words.image(text)),
      heading({ tokens, depth }) {
        const level = Math.min(6, depth + 2);
        return `<h${level}>${this.parser.parseInline(tokens)}</h${level}>`;
      },
      checkbox: ({ checked }) => (checked ? "☑ " : "☐ "),
    },
  });
  return marked;
}

/** The text as a fragment; undefined if it is too long or too deeply nested to be read as Markdown. */
export function renderMarkdown(text: string, words: MarkdownWords): DocumentFragment | undefined {
  if (text.length > MAX_MARKDOWN) return undefined;
  let html: string;
  try {
    html = parser(words).parse(text) as string;
  } catch {
    // Too deeply nested.
    return undefined;
  }
  const fragment = DOMPurify.sanitize(html, {
    ALLOWED_TAGS: ELEMENTS,
    ALLOWED_ATTR: ["href", "start", "class"],
    ALLOW_DATA_ATTR: false,
    ALLOW_ARIA_ATTR: false,
    RETURN_DOM_FRAGMENT: true,
  });
  for (const element of fragment.querySelectorAll("[class]"))
    if (!element.classList.contains("formula")) element.removeAttribute("class");
  for (const element of fragment.querySelectorAll("p, li, h3, h4, h5, h6, blockquote, th, td"))
    element.setAttribute("dir", "auto");
  for (const table of fragment.querySelectorAll("table")) scrolling(table);
  for (const pre of fragment.querySelectorAll("pre")) pre.tabIndex = 0;
  for (const link of fragment.querySelectorAll("a")) link.replaceWith(inert(link));
  return fragment;
}

function scrolling(table: Element): void {
  const frame = document.createElement("div");
  frame.className = "md-table";
  frame.tabIndex = 0;
  table.replaceWith(frame);
  frame.append(table);
}

/** A link as a button that shows its address and does not navigate by itself. */
function inert(link: HTMLAnchorElement): Node {
  let url: URL;
  try {
    url = new URL(link.getAttribute("href") ?? "");
  } catch {
    return document.createTextNode(link.textContent ?? "");
  }
  if (url.protocol !== "https:" && url.protocol !== "http:")
    return document.createTextNode(link.textContent ?? "");
  const button = document.createElement("button");
  button.type = "button";
  button.className = "outer-link";
  button.value = url.href;
  const text = (link.textContent ?? "").trim();
  button.textContent = text === "" ? url.href : text;
  if (!text.includes(url.host)) {
    const host = document.createElement("span");
    host.className = "outer-link-host";
    host.textContent = ` (${url.host})`;
    button.append(host);
  }
  return button;
}
