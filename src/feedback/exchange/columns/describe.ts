/** What an import says of a file's columns, and what it asks. */
import { type ColumnQuestion, MAX_COLUMNS, type ReadColumn, type ReadRole } from "./roles.js";
import type { Column } from "./table.js";

/** The columns of a file with their roles, at most the first 200. @param sources the source of each response. */
export function describeColumns(
  columns: readonly Column[],
  roles: ReadonlyMap<string, ReadRole>,
  sources: ReadonlyMap<string, string> = new Map(),
): ReadColumn[] {
  const responses = new Map([...sources].map(([response, source]) => [source, response]));
  return columns.slice(0, MAX_COLUMNS).map(({ name, filled, example }) => {
    const of = responses.get(name);
    return { name, role: roles.get(name) ?? "metadata", ...(of !== undefined && { of }), filled, example };
  });
}

const ASKED: Readonly<Record<ColumnQuestion["about"], (names: string) => string>> = {
  prompt: (names) => `no column is surely the prompt; it may be ${names}`,
  prompts: (names) => `${names} may each be the prompt, or parts of it`,
  responses: (names) => `${names} may be responses or not`,
  mixed: (names) => `${names} may each be a response or something else`,
};
/** Most columns that a question names. */
const MAX_NAMED = 12;

/** A question as a sentence. */
export const asked = ({ about, columns }: ColumnQuestion): string =>
  ASKED[about](
    columns
      .slice(0, MAX_NAMED)
      .map((name) => JSON.stringify(name))
      .join(", "),
  );

/** How the questions are answered on a command line. */
export function answerHint(questions: readonly ColumnQuestion[]): string {
  const flags = questions.flatMap(({ about, columns }) =>
    about === "prompt" || about === "prompts"
      ? [`prompt=${columns[0]}`]
      : columns.slice(0, 2).map((name, i) => `response_${"ab"[i]}=${name}`),
  );
  const none = questions.some(({ about }) => about === "responses")
    ? "; where raters are to write the responses, give --kind demonstration"
    : "";
  return `Say what they are, for example --columns ${JSON.stringify(flags.join(","))}${none}.`;
}
