/** Chat templates as they come with models, checked and parsed. */
import { messageOf, PlumbError } from "../../base/errors.js";
import { type CompiledTemplate, marked } from "./compiled-template.js";
import { parseTemplate } from "./library.js";

/** Longer templates are refused; the longest in use have about 20,000 characters. */
const MAX_TEMPLATE_CHARACTERS = 256 * 1024;
/** Longest run of white space; the parser's time grows with the square of it. */
const MAX_WHITE_SPACE = 2000;

/** @throws PlumbError if it is too long, or not a template. */
export function compileTemplate(source: string): CompiledTemplate {
  if (source.length > MAX_TEMPLATE_CHARACTERS) {
    throw new PlumbError(
      `The chat template has ${source.length} characters; at most ${MAX_TEMPLATE_CHARACTERS} are read.`,
    );
  }
  if (longestWhiteSpace(source) > MAX_WHITE_SPACE) {
    throw new PlumbError(
      `The chat template has more than ${MAX_WHITE_SPACE} white-space characters in a row.`,
    );
  }
  try {
    // Jinja reads every line end as "\n".
    return marked(parseTemplate(source.replace(/\r\n?/g, "\n")));
  } catch (error) {
    throw new PlumbError(`The model's chat template is not valid: ${messageOf(error)}`, { cause: error });
  }
}

function longestWhiteSpace(source: string): number {
  let [longest, run] = [0, 0];
  for (const character of source) {
    run = character.trim() === "" ? run + 1 : 0;
    if (run > longest) longest = run;
  }
  return longest;
}
