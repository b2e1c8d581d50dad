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

export interface FoundRoles {
  prompt: string;
  /** In the order of the record. */
  responses: string[];
  /** The field that names the model, or other source, of each response that has one. Raters never see it. */
  sources: ReadonlyMap<string, string>;
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

/** @returns the fields by role; or, as a string, what is unclear. */
export function fieldRoles(names: readonly string[], given: FieldRoles): FoundRoles | string {
  const absent = [given.prompt, ...(given.responses ?? [])].find(
    (name) => name !== undefined && !names.includes(name),
  );
  if (absent !== undefined)
    return `there is no field ${JSON.stringify(absent)}; the fields are ${listed(names)}`;
  const prompt = given.prompt ?? promptOf(names);
  if (prompt === undefined)
    return `no field is called ${listed(PROMPTS.slice(0, 4))} or similar; the fields are ${listed(names)}`;
  if (Array.isArray(prompt))
    return `${listed(prompt)} may each be the prompt, or parts of it; name the one that is with --prompt-field, or keep only that one`;
  const rest = names.filter((name) => name !== prompt);
  const responses = given.responses ?? responsesOf(rest);
  if (typeof responses === "string") return responses;
  return { prompt: prompt as string, responses: [...responses], sources: sourcesOf(responses, rest) };
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

/** The fields of responses, by their names; or why they cannot be told from others. */
export function responsesOf(names: readonly string[]): string[] | string {
  const found = responseFields(names);
  if ("responses" in found) return found.responses;
  return asked(
    found.unclear,
    found.why === "mixed"
      ? "may each be a response or something else"
      : "may be names of models, or what they wrote",
  );
}

const asked = (names: readonly string[], why: string): string =>
  `${listed(names)} ${why}; call the responses response_a and response_b, or name them with --response-fields`;

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

const listed = (names: readonly string[]): string =>
  names
    .slice(0, 12)
    .map((name) => JSON.stringify(name))
    .join(", ");
