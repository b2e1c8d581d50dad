/** Messages and tools as files hold them, in OpenAI's notation and in ShareGPT's. */
import { z } from "zod";
import { parseExactJson } from "./exact-json.js";
import { type ChatMessage, ROLES, type Tool, type ToolCall } from "./messages.js";

/** Most turns of a conversation. */
export const MAX_TURNS = 10_000;
/** Most functions that a row offers. */
const MAX_TOOLS = 1000;

const text = z.string();

/** A message's content: text, or OpenAI's list of parts; only text parts are accepted. */
const content = z.union([
  text,
  z
    .array(z.object({ type: z.literal("text"), text }))
    .transform((parts) => parts.map((part) => part.text).join("")),
]);

const call = z.object({
  name: text,
  arguments: z.union([text, z.record(text, z.unknown())]).default({}),
});
/** A call as OpenAI writes it, or the function alone. */
const toolCall = z.union([
  z.object({ id: text.optional(), type: z.literal("function").optional(), function: call }).transform(
    ({ id, function: called }): ToolCall => ({
      ...(id !== undefined && { id }),
      type: "function",
      function: called,
    }),
  ),
  call.transform((called): ToolCall => ({ type: "function", function: called })),
]);

/** Older names of roles: OpenAI's "developer" is called "system" everywhere else, its "function" "tool". */
const RENAMED_ROLES: Record<string, ChatMessage["role"]> = { developer: "system", function: "tool" };
const role = z.preprocess(
  (name) => (typeof name === "string" && Object.hasOwn(RENAMED_ROLES, name) ? RENAMED_ROLES[name] : name),
  z.enum(ROLES),
);

/** Flags of a turn: OpenAI's weight, Axolotl's field of training. */
const flags = {
  weight: z.union([z.literal(0), z.literal(1)]).nullish(),
  train: z.boolean().nullish(),
  training: z.boolean().nullish(),
};

/** A turn in OpenAI's notation, as transformers and TRL have it too. */
const openAiTurn = z
  .object({
    role,
    content: content.nullish(),
    tool_calls: z.array(toolCall).max(MAX_TOOLS).nullish(),
    function_call: call.nullish(),
    tool_call_id: text.nullish(),
    name: text.nullish(),
    reasoning_content: text.nullish(),
    thinking: text.nullish(),
    ...flags,
  })
  .transform((turn, context) => messageOf(turn, context));

/** ShareGPT's names of speakers, with LLaMA-Factory's of calls and what they gave; and the other notation's. */
const SPEAKERS = {
  system: "system",
  human: "user",
  user: "user",
  gpt: "assistant",
  chatgpt: "assistant",
  assistant: "assistant",
  tool: "tool",
  observation: "tool",
  function_call: "assistant",
} as const;
const speaker = z.enum(Object.keys(SPEAKERS) as (keyof typeof SPEAKERS)[]);

const shareGptTurn = z
  .object({ from: speaker, value: text, ...flags })
  .transform(({ from, value, ...given }, context) => {
    const turn = { ...given, role: SPEAKERS[from] };
    if (from !== "function_call") return messageOf({ ...turn, content: value }, context);
    const calls = callsIn(value);
    if (calls !== undefined) return messageOf({ ...turn, content: "", tool_calls: calls }, context);
    context.addIssue({
      code: "custom",
      path: ["value"],
      message: 'expected JSON of a call, {"name", "arguments"}, or of a list of them',
    });
    return z.NEVER;
  });

/** Axolotl's "pygmalion" and others mix the notations. */
const mixedTurn = z
  .object({ role: speaker, value: text, ...flags })
  .transform(({ role: name, value, ...given }, context) =>
    messageOf({ ...given, role: SPEAKERS[name], content: value }, context),
  );

const NOTATIONS = [
  { needs: "from", schema: shareGptTurn },
  { needs: "role", and: "value", schema: mixedTurn },
  { needs: "role", schema: openAiTurn },
] as const;

/** The schema of a turn's notation, by the keys that it has. */
export function turnSchema(turn: unknown): z.ZodType {
  const has = (key: string) => typeof turn === "object" && turn !== null && key in turn;
  const found = NOTATIONS.find(
    (one) => has(one.needs) && (!("and" in one) || (has(one.and) && !has("content"))),
  );
  return found?.schema ?? openAiTurn;
}

/** A turn in any of the notations. */
export const message = z.unknown().transform((turn, context): ChatMessage => {
  const result = turnSchema(turn).safeParse(turn);
  if (result.success) return result.data as ChatMessage;
  for (const issue of result.error.issues) context.addIssue(issue as Parameters<typeof context.addIssue>[0]);
  return z.NEVER;
});
export const messages = z.array(message).min(1).max(MAX_TURNS);

type GivenTurn = Omit<ChatMessage, "content" | "train" | "tool_calls"> & {
  [K in "content" | "weight" | "train" | "training" | "tool_calls" | "function_call" | "thinking"]?: unknown;
};

function messageOf(
  given: { role: ChatMessage["role"] } & Record<string, unknown>,
  context: { addIssue(issue: { code: "custom"; path: string[]; message: string }): void },
): ChatMessage {
  const refuse = (key: string, problem: string): never => {
    context.addIssue({ code: "custom", path: [key], message: problem });
    return z.NEVER;
  };
  const {
    role: who,
    content: said,
    weight,
    train,
    training,
    function_call,
    thinking,
    ...turn
  } = withoutNothing(given as GivenTurn);
  if (turn.tool_calls !== undefined && function_call !== undefined)
    return refuse("function_call", 'stands beside "tool_calls"; expected one of them');
  const thought = turn.reasoning_content ?? thinking;
  if (thinking !== undefined && thinking !== thought)
    return refuse("thinking", 'differs from "reasoning_content"; expected one of them');
  const calls =
    turn.tool_calls ??
    (function_call === undefined ? undefined : [{ type: "function", function: function_call }]);
  if (calls !== undefined && who !== "assistant")
    return refuse(
      turn.tool_calls ? "tool_calls" : "function_call",
      `is only for the assistant's turns, not the ${who}'s`,
    );
  if (thought !== undefined && who !== "assistant")
    return refuse(
      thinking === undefined ? "reasoning_content" : "thinking",
      `is only for the assistant's turns, not the ${who}'s`,
    );
  if (said === undefined && calls === undefined && thought === undefined)
    return refuse("content", "is missing; expected text");
  const asked = new Map(
    Object.entries({ weight: weight === undefined ? undefined : weight === 1, train, training }).filter(
      ([, flag]) => flag !== undefined,
    ),
  );
  const flag = [...asked.values()][0] as boolean | undefined;
  const [key] = asked.keys();
  if (new Set(asked.values()).size > 1)
    return refuse(key, `says the opposite of "${[...asked.keys()][1]}" about whether the turn is learned`);
  if (flag === true && who !== "assistant")
    return refuse(key, `asks to learn a turn of the ${who}; only the assistant's can be learned`);
  return {
    role: who,
    // As transformers: a key that holds null is left out, and a template may ask whether it is there.
    ...(said !== undefined && { content: said as string }),
    ...turn,
    ...(thought !== undefined && { reasoning_content: thought as string }),
    ...(calls !== undefined && { tool_calls: calls as ToolCall[] }),
    ...(flag === false && who === "assistant" && { train: false }),
  } as ChatMessage;
}

/** Without keys that hold nothing: null, and lists without elements, as tables have them for every row. */
const withoutNothing = (turn: GivenTurn): GivenTurn =>
  Object.fromEntries(
    Object.entries(turn).filter(
      ([key, value]) =>
        value !== null &&
        value !== undefined &&
        !(Array.isArray(value) && value.length === 0) &&
        !(value === "" && key !== "content"),
    ),
  ) as GivenTurn;

/** The calls in a `function_call` turn of ShareGPT's notation. */
function callsIn(value: string): ToolCall[] | undefined {
  try {
    const given: unknown = parseExactJson(value);
    const parsed = z
      .array(toolCall)
      .min(1)
      .safeParse(Array.isArray(given) ? given : [given]);
    return parsed.success ? parsed.data : undefined;
  } catch {
    return undefined;
  }
}

/** Functions that a row offers; LLaMA-Factory's and OpenAI's older ones stand without the outer object. */
export const tools = z
  .array(z.record(text, z.unknown()))
  .max(MAX_TOOLS)
  .transform((list): Tool[] =>
    list.map((tool) =>
      "function" in tool || !("name" in tool) ? tool : { type: "function", function: tool },
    ),
  );
