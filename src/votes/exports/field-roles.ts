/**
 * Decides which field of a foreign record is the prompt, which are the responses, and which say where a response comes
 * from. Fields are told apart by their names; where those leave a choice, the user is asked.
 */

/** Roles that the user names where the field names do not reveal them. */
export interface FieldRoles {
  prompt?: string | undefined;
  responses?: readonly string[] | undefined;
  /** Free-text question that is the rationale of the question that counts. */
  rationale?: string | undefined;
  /** Column of answers, where its cells do not show that they are. */
  question?: string | undefined;
}

const PROMPTS = [
  ...[
    "prompt",
    "instruction",
    "question",
    "query",
    "input",
    "context",
    "conversation",
    "messages",
    "history",
    "user_prompt",
    "user_message",
    "instructions",
    "conversations",
    "chat",
    "dialogue",
    "dialog",
  ],
  "text",
];
const WROTE = "response|completion|answer|output|generation|reply|candidate|option|text|summary|human_ref";
const PLACE = "\\d{1,2}|[a-h]|left|right|one|two|first|second";
const SOURCE = "(?:model|source|author|policy|system|provider|generator|llm)";
/** What a response's field may be called; the groups are the family, which all responses share, and the place. */
const RESPONSE = [
  new RegExp(`^(?<family>${WROTE})s?[-_ .]?(?<place>${PLACE})?$`),
  new RegExp(`^(?<place>${PLACE})[-_ .](?<family>${WROTE})$`),
  new RegExp(`^(?<place>chosen|rejected|left|right)(?:[-_ .](?:${WROTE}))?$`),
  new RegExp(`^(?<place>model)[-_ .](?<family>${WROTE})$`),
];
/** What the field of a source may be called beside a response of the same place: model_a, source-1, name_left. */
const SOURCE_FIELD = new RegExp(`^(?:${SOURCE}|name)(?:[-_ .](?:name|id))?[-_ .]?(?<place>${PLACE})?$`);

/** The fields that are shown as prompt and responses; none where it is not clear which these are. */
export function shownFields(names: readonly string[], given: FieldRoles): string[] {
  const prompt = given.prompt ?? promptOf(names);
  if (typeof prompt !== "string") return [];
  const found = responseFields(names.filter((name) => name !== prompt));
  const responses = given.responses ?? ("responses" in found ? found.responses : undefined);
  return responses === undefined ? [] : [prompt, ...responses];
}

/** A name without capitals, and with one sign between words. */
const plain = (name: string): string => name.toLowerCase().replace(/[\s.-]+/g, "_");

/** The prompt's field; several if more than one is called so; "text" only if no other is. */
export function promptOf(names: readonly string[]): string | string[] | undefined {
  const named = names.filter((name) => PROMPTS.slice(0, -1).includes(plain(name)));
  if (named.length > 1) return named;
  return named[0] ?? names.find((name) => name.toLowerCase() === "text");
}

/** The fields of responses, by their names; or those of which the names leave it open, and how. */
export function responseFields(
  names: readonly string[],
): { responses: string[] } | { unclear: string[]; why: "mixed" | "models" } {
  const families = new Map<string, string[]>();
  for (const name of names) {
    const groups = responseName(name);
    if (groups === undefined) continue;
    const family = groups.family ?? "place";
    families.set(family, [...(families.get(family) ?? []), name]);
  }
  const [responses, ...others] = families.values();
  if (others.length > 0) return { unclear: [...responses, ...others.flat()], why: "mixed" };
  if (responses !== undefined) return { responses };
  const sources = names.filter((name) => SOURCE_FIELD.exec(name.toLowerCase())?.groups?.place !== undefined);
  return sources.length > 1 ? { unclear: sources, why: "models" } : { responses: [] };
}

const ENDS_IN_SOURCE = new RegExp(`${SOURCE}$`);
/** What is left of a source's field without the response's name. */
const OWN_SOURCE = new RegExp(`^(?:${SOURCE}|name)(?:[-_ .](?:name|id))?$`);

function responseName(name: string): { family?: string; place?: string } | undefined {
  const lower = name.toLowerCase();
  if (ENDS_IN_SOURCE.test(lower)) return undefined;
  return RESPONSE.map((form) => form.exec(lower)).find((match) => match !== null)?.groups;
}

/** The source of each response: `response_a_model`, or the field of the same place, or all in their order. */
export function sourcesOf(responses: readonly string[], names: readonly string[]): Map<string, string> {
  const others = names.filter((name) => !responses.includes(name));
  const attached = (response: string) =>
    others.find((name) => {
      const [lower, of] = [name.toLowerCase(), response.toLowerCase()];
      const ending = lower.startsWith(of) ? lower.slice(of.length).replace(/^[-_ .]/, "") : "";
      const start = lower.endsWith(of) ? lower.slice(0, -of.length).replace(/[-_ .]$/, "") : "";
      return OWN_SOURCE.test(ending) || OWN_SOURCE.test(start);
    });
  const placed = others.flatMap((name) => {
    const match = SOURCE_FIELD.exec(name.toLowerCase());
    return match === null ? [] : [{ name, place: match.groups?.place }];
  });
  const inOrder = placed.filter(({ place }) => place !== undefined);
  const found = responses.map((response, i): [string, string | undefined] => {
    const place = responseName(response)?.place;
    const samePlace = inOrder.find((source) => source.place === place && place !== undefined);
    const byOrder = inOrder.length === responses.length ? inOrder[i] : undefined;
    const only = responses.length === 1 ? placed[0] : undefined;
    return [response, attached(response) ?? samePlace?.name ?? byOrder?.name ?? only?.name];
  });
  return new Map(found.filter((entry): entry is [string, string] => entry[1] !== undefined));
}
