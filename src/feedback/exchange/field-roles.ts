/** Decides which field of a foreign record is the prompt, and which are the responses. */

/** Roles that the user names where the field names do not reveal them. */
export interface FieldRoles {
  prompt?: string | undefined;
  responses?: readonly string[] | undefined;
  /** Free-text question that is the rationale of the question that counts. */
  rationale?: string | undefined;
}

const PROMPTS = [
  "prompt",
  "instruction",
  "question",
  "query",
  "input",
  "context",
  "conversation",
  "messages",
  "text",
];
const RESPONSE =
  /^(?:response|completion|answer|output|generation|reply|candidate|model|option|chosen|rejected|text|left|right)s?[-_ ]?(?:\d{1,2}|[a-h]|left|right|one|two|response)?$/;

/** @returns the prompt's field and those of the responses, in order; or, as a string, what is unclear. */
export function fieldRoles(
  names: readonly string[],
  given: FieldRoles,
): { prompt: string; responses: string[] } | string {
  const absent = [given.prompt, ...(given.responses ?? [])].find(
    (name) => name !== undefined && !names.includes(name),
  );
  if (absent !== undefined)
    return `there is no field ${JSON.stringify(absent)}; the fields are ${listed(names)}`;
  const prompt =
    given.prompt ??
    PROMPTS.map((wanted) => names.find((name) => name.toLowerCase() === wanted)).find(
      (name) => name !== undefined,
    );
  if (prompt === undefined)
    return `no field is called ${listed(PROMPTS.slice(0, 4))} or similar; the fields are ${listed(names)}`;
  const responses =
    given.responses ?? names.filter((name) => name !== prompt && RESPONSE.test(name.toLowerCase()));
  return { prompt, responses: [...responses] };
}

const listed = (names: readonly string[]): string =>
  names
    .slice(0, 12)
    .map((name) => JSON.stringify(name))
    .join(", ");
