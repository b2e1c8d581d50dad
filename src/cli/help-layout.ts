/** How help is laid out: a narrow column of flags; the words of a long flag begin below it, so that 80 columns do. */
import { Help, type HelpConfiguration } from "commander";

/** Widest flag that has its words beside it. */
const MAX_TERM = 26;
const INDENT = 2;
/** Help on a terminal of unknown width, and at most. */
const [USUAL_WIDTH, MAX_WIDTH] = [80, 110];

/** @param columns of the terminal, where there is one. */
export const helpLayout = (columns: number | undefined): HelpConfiguration => ({
  showGlobalOptions: true,
  helpWidth: Math.min(columns ?? USUAL_WIDTH, MAX_WIDTH),
  padWidth: (command, helper) => Math.min(MAX_TERM, Help.prototype.padWidth.call(helper, command, helper)),
  formatItem: (term, termWidth, description, helper) => formatted(term, termWidth, description, helper),
});

/** An item of help as wide as the terminal is, outside commander's own lists. */
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
