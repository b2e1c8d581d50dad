/** Reads the rows of a table by the plan of its columns. */
import type { LocatedRow } from "../../../base/location.js";
import {
  type ChatMessage,
  sameMessage,
  splitFinalAnswer,
  type TextOrMessages,
} from "../../../data/messages.js";
import type { ForeignRecord, ImportProblems } from "../../../votes/exports/index.js";
import { cellValue, isEmpty, promptIn, textIn, turnsIn, unshownIn } from "./cells.js";
import { listedResponses } from "./listed-responses.js";
import type { Plan } from "./plan.js";
import { asText } from "./turns.js";

type Responses = NonNullable<ForeignRecord["responses"]>;

/** What a row holds, by the plan of its columns. */
interface ReadRow {
  prompt: TextOrMessages;
  responses: Responses;
  gold: unknown;
  /** Undefined where no column is the id. */
  id?: string;
  meta: Record<string, unknown>;
}

export interface RowRules {
  /** A row may lack some of the responses. */
  lenient?: boolean;
  /** The task takes no responses: the answers that conversations end with are left out. */
  promptsOnly?: boolean;
}

/** What is wrong with a row. */
class RowProblem extends Error {
  constructor(
    readonly field: string,
    problem: string,
  ) {
    super(problem);
  }
}

const NO_TEXT = "is missing, empty or not text";

/** A row read by the plan; undefined if it is wrong, which is added to the problems. */
export function readRow(
  row: LocatedRow,
  plan: Plan,
  problems: ImportProblems,
  rules: RowRules = {},
): ReadRow | undefined {
  const before = problems.count;
  const reading = new RowReading(row, plan, rules, (field, problem) =>
    problems.add(row.where, field, problem),
  );
  try {
    const { prompt, responses } = reading.contents();
    return problems.count > before ? undefined : { prompt, responses, ...reading.rest() };
  } catch (error) {
    if (!(error instanceof RowProblem)) throw error;
    problems.add(row.where, error.field, error.message);
    return undefined;
  }
}

class RowReading {
  constructor(
    private readonly row: LocatedRow,
    private readonly plan: Plan,
    private readonly rules: RowRules,
    private readonly bad: (field: string, problem: string) => void,
  ) {}

  private cell(name: string): unknown {
    const cell = this.row.value[name];
    return typeof cell === "string" && this.plan.texts.has(name) ? cell : cellValue(cell, this.row.untyped);
  }

  contents(): { prompt: TextOrMessages; responses: Responses } {
    const { conversations, prompts, responses } = this.plan;
    const turns = this.turnLists();
    if (turns !== undefined) return turns;
    if (conversations.length > 0 && responses.length === 0) {
      const { prompt, responses } = this.ofConversations();
      return { prompt: this.withSystem(prompt), responses: this.rules.promptsOnly ? [] : responses };
    }
    const prompt = this.withSystem(this.promptOf([...prompts, ...conversations]));
    const found = responses.flatMap((name) => this.responsesIn(name, prompt) ?? []);
    return { prompt, responses: found };
  }

  /**
   * An arena's conversations as lists of texts in columns of their own: what the user said, turn by turn, and what each
   * model answered.
   */
  private turnLists(): { prompt: TextOrMessages; responses: Responses } | undefined {
    const { prompts, responses } = this.plan;
    const cells = [...prompts, ...responses].map((name) => this.cell(name));
    if (prompts.length !== 1 || responses.length < 2 || !cells.every(isTexts)) return undefined;
    const [asked, ...answers] = cells as (string | null)[][];
    if (answers.some(({ length }) => length !== asked.length || length === 0)) return undefined;
    const [first, ...later] = asked;
    return {
      prompt: this.withSystem([{ role: "user", content: first ?? "" }]),
      responses: answers.map((answer, i) => ({
        ...this.named(responses[i]),
        text: asText([
          { role: "assistant", content: answer[0] ?? "" },
          ...later.flatMap((said, t): ChatMessage[] => [
            { role: "user", content: said ?? "" },
            { role: "assistant", content: answer[t + 1] ?? "" },
          ]),
        ]),
      })),
    };
  }

  private turns(name: string, value: unknown): ChatMessage[] {
    const turns = turnsIn(value);
    if (turns === undefined) throw new RowProblem(name, "is no conversation of texts");
    const unshown = unshownIn(turns);
    if (unshown !== undefined)
      throw new RowProblem(
        name,
        `holds "${unshown}", which raters are not shown; write it into the content, or leave the row out`,
      );
    return turns.map(({ role, content = "" }) => ({ role, content }));
  }

  /** The common beginning of all conversations, and how each ends; of one, its last answer. */
  private ofConversations(): { prompt: ChatMessage[]; responses: Responses } {
    const { conversations } = this.plan;
    const all = conversations.map((name) => {
      const value = this.cell(name);
      const transcript = promptIn(value);
      return this.turns(name, Array.isArray(transcript) ? transcript : value);
    });
    const [first, ...others] = all;
    if (others.length === 0) {
      const { prompt, answer } = splitFinalAnswer(first);
      if (prompt.length === 0)
        throw new RowProblem(conversations[0], "begins with an answer; expected a user's turn");
      if (answer.length === 0 && !this.rules.promptsOnly)
        throw new RowProblem(conversations[0], "does not end with an answer of the assistant");
      return { prompt, responses: [{ ...this.named(conversations[0]), text: asText(answer) }] };
    }
    let end = 0;
    const most = Math.min(...all.map(({ length }) => length)) - 1;
    while (end < most && others.every((other) => sameMessage(first[end], other[end]))) end++;
    while (end > 0 && !all.every((turns) => turns[end].role === "assistant")) end--;
    if (end === 0)
      throw new RowProblem(
        conversations[1],
        `does not begin as "${conversations[0]}" does; expected the same turns up to the assistant's`,
      );
    return {
      prompt: first.slice(0, end),
      responses: all.map((turns, i) => ({ ...this.named(conversations[i]), text: asText(turns.slice(end)) })),
    };
  }

  /** The parts of a prompt, texts below each other; with a conversation among them, as turns. */
  private promptOf(names: readonly string[]): TextOrMessages {
    const parts = names.flatMap((name, i): TextOrMessages[] => {
      const cell = this.cell(name);
      if (isEmpty(cell) && i > 0) return [];
      const part = promptIn(cell);
      if (part === undefined && turnsIn(cell) === undefined) throw new RowProblem(name, NO_TEXT);
      return [typeof part === "string" ? part : this.turns(name, part ?? cell)];
    });
    const texts = parts.filter((part) => typeof part === "string");
    if (texts.length === parts.length) {
      const text = texts.join("\n\n");
      if (text === "") throw new RowProblem(names[0], NO_TEXT);
      return text;
    }
    return parts.flatMap((part) =>
      typeof part === "string" ? [{ role: "user" as const, content: part }] : part,
    );
  }

  private withSystem(prompt: TextOrMessages): TextOrMessages {
    const name = this.plan.system;
    const text = name === undefined ? undefined : this.row.value[name];
    if (name === undefined || isEmpty(text)) return prompt;
    if (typeof text !== "string") throw new RowProblem(name, NO_TEXT);
    const turns: ChatMessage[] = typeof prompt === "string" ? [{ role: "user", content: prompt }] : prompt;
    const own = turns[0]?.role === "system" ? turns[0].content : undefined;
    if (own !== undefined && own !== text)
      throw new RowProblem(name, "differs from the system message that the conversation begins with");
    return own === undefined ? [{ role: "system", content: text }, ...turns] : turns;
  }

  /** The responses in a column; undefined if it has none, which is said where a row must have them. */
  private responsesIn(name: string, prompt: TextOrMessages): Responses | undefined {
    const cell = this.cell(name);
    if (Array.isArray(cell) && turnsIn(cell) === undefined) {
      const listed = listedResponses(cell);
      if (listed === undefined) this.bad(name, "is not a list of texts");
      return listed;
    }
    if (typeof cell === "string" && cell !== "")
      return this.listExpected(name) ?? [{ ...this.named(name), text: cell }];
    if (turnsIn(cell) !== undefined) {
      const turns = withoutPrompt(this.turns(name, cell), prompt);
      return [{ ...this.named(name), text: asText(turns) }];
    }
    const text = isEmpty(cell) ? undefined : textIn(cell);
    if (text !== undefined && text !== "") return [{ ...this.named(name), text }];
    if (!(this.rules.lenient && cell === undefined)) this.bad(name, NO_TEXT);
    return undefined;
  }

  /** Says that a text stands where other rows have a list of responses. */
  private listExpected(name: string): undefined | [] {
    if (!this.plan.lists.includes(name)) return undefined;
    this.bad(name, "is not a list of texts");
    return [];
  }

  private named(name: string): { name: string; source?: string } {
    const of = this.plan.sources.get(name);
    const source = of === undefined ? undefined : this.row.value[of];
    const known = (typeof source === "string" && source !== "") || typeof source === "number";
    return { name: name.slice(0, 200), ...(known && { source: String(source).slice(0, 200) }) };
  }

  rest(): Omit<ReadRow, "prompt" | "responses"> {
    const { roles, gold, id } = this.plan;
    const { value } = this.row;
    const meta = Object.entries(value).filter(([name]) => KEPT.includes(roles.get(name) ?? "metadata"));
    const named = id === undefined ? undefined : value[id];
    return {
      gold: gold === undefined ? undefined : value[gold],
      ...((typeof named === "string" || typeof named === "number") && named !== "" && { id: String(named) }),
      meta: Object.fromEntries(meta),
    };
  }
}

/** Roles of columns that are kept with the item as they are. */
const KEPT: readonly string[] = ["metadata", "source", "id"];

const isTexts = (cell: unknown): boolean =>
  Array.isArray(cell) && cell.length > 0 && cell.every((one) => typeof one === "string" || one === null);

/** An answer's turns without those of the prompt, where these stand before it once more. */
function withoutPrompt(turns: readonly ChatMessage[], prompt: TextOrMessages): readonly ChatMessage[] {
  const asked: readonly ChatMessage[] =
    typeof prompt === "string" ? [{ role: "user", content: prompt }] : prompt;
  const begins = turns.length > asked.length && asked.every((turn, i) => sameMessage(turn, turns[i]));
  return begins ? turns.slice(asked.length) : turns;
}
