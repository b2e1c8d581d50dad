/** Which field of a foreign record is the prompt, and which are the responses. */

/** What a person may say where names do not tell. */
export interface FieldRoles {
  prompt?: string | undefined;
  responses?: readonly string[] | undefined;
  /** Question that is answered in words beside the one that counts. */
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

/** @returns the prompt's field and those of the responses, in their order; or what is not clear, as a sentence. */
export function fieldRoles(
  names: readonly string[],
  given: FieldRoles,
): { prompt: string; responses: string[] } | string {
  const absent = [given.prompt, ...(given.responses ?? [])].find(
    (name) => name !== undefined && !names.includes(name),
  );
  if (absent !== undefined) return `there is no field ${JSON.stringify(absent)}; there are ${listed(names)}`;
  const prompt =
    given.prompt ??
    PROMPTS.map((wanted) => names.find((name) => name.toLowerCase() === wanted)).find(
      (name) => name !== undefined,
    );
  if (prompt === undefined)
    return `no field is called ${listed(PROMPTS.slice(0, 4))} or the like; there are ${listed(names)}`;
  const responses =
    given.responses ?? names.filter((name) => name !== prompt && RESPONSE.test(name.toLowerCase()));
  return { prompt, responses: [...responses] };
}

const listed = (names: readonly string[]): string =>
  names
    .slice(0, 12)
    .map((name) => JSON.stringify(name))
    .join(", ");
