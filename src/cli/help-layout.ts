/** The layout of help for 80 columns: flags in a narrow column, with the description of a long flag below it. */
import { Help, type HelpConfiguration } from "commander";

/** Widest flag whose description begins on its own line. */
const MAX_TERM = 26;
const INDENT = 2;
/** Columns of help on a terminal of unknown width, and the most on any. */
const [USUAL_WIDTH, MAX_WIDTH] = [80, 110];

/** @param columns width of the terminal, if there is one. */
export const helpLayout = (columns: number | undefined): HelpConfiguration => ({
  showGlobalOptions: true,
  helpWidth: Math.min(columns ?? USUAL_WIDTH, MAX_WIDTH),
  padWidth: (command, helper) => Math.min(MAX_TERM, Help.prototype.padWidth.call(helper, command, helper)),
  formatItem: (term, termWidth, description, helper) => formatted(term, termWidth, description, helper),
});

/** An item of help wrapped to the terminal's width, for text outside commander's own lists. */
export function helpItem(term: string, description: string): string {
  const helper = Object.assign(new Help(), helpLayout(process.stdout.columns));
  return formatted(term, MAX_TERM, description, helper);
}

function formatted(term: string, termWidth: number, description: string, helper: Help): string {
  const indent = " ".repeat(INDENT);
  if (description === "") return indent + term;
  const beside = " ".repeat(INDENT + termWidth + INDENT);
  const words = helper.boxWrap(description, (helper.helpWidth ?? USUAL_WIDTH) - beside.length);
  const lines = words.split("\n").map((line) => beside + line);
  if (term.length > termWidth) return [indent + term, ...lines].join("\n");
  return [indent + term.padEnd(termWidth + INDENT) + lines[0].trimStart(), ...lines.slice(1)].join("\n");
}
