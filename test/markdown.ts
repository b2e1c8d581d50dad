/** What a Markdown file shows as code, where it links to, and its headings' anchors. */
import { marked, type Token, type Tokens } from "marked";

export interface Markdown {
  /** Text of each code span and code block. */
  code: string[];
  /** Targets of links and images, as written. */
  links: string[];
  /** Anchors that GitHub makes of the headings. */
  anchors: Set<string>;
  /** Paragraphs and list items with the code blocks left out, as written. */
  passages: string[];
}

export function readMarkdown(text: string): Markdown {
  const read: Markdown = { code: [], links: [], anchors: new Set(), passages: [] };
  const seen = new Map<string, number>();
  const tokens = marked.lexer(text);
  for (const token of tokens) read.passages.push(...passagesOf(token));
  marked.walkTokens(tokens, (token) => {
    if (token.type === "code" || token.type === "codespan")
      read.code.push(unescaped((token as Tokens.Code).text));
    if (token.type === "link" || token.type === "image") read.links.push((token as Tokens.Link).href);
    if (token.type !== "heading") return;
    const slug = (token as Tokens.Heading).text
      .toLowerCase()
      .replace(/[^\p{L}\p{N}\s_-]/gu, "")
      .replace(/\s/g, "-");
    const times = seen.get(slug) ?? 0;
    seen.set(slug, times + 1);
    read.anchors.add(times === 0 ? slug : `${slug}-${times}`);
  });
  return read;
}

function passagesOf(token: Token): string[] {
  if (token.type === "list") return (token as Tokens.List).items.map(({ raw }) => raw);
  return token.type === "paragraph" ? [token.raw] : [];
}

/** The lexer leaves code spans as they are written, but for entities. */
const unescaped = (text: string): string =>
  text.replaceAll("&lt;", "<").replaceAll("&gt;", ">").replaceAll("&quot;", '"').replaceAll("&amp;", "&");
