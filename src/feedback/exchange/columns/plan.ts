/**
 * Decides what each column of a table is taken for, by its name and by what it holds. What these leave open is asked, and
 * nothing is guessed.
 */
import { promptOf, responseFields, sourcesOf } from "../../../votes/exports/index.js";
import type { ColumnChoices, ColumnQuestion, ReadRole } from "./roles.js";
import type { Column } from "./table.js";

/** Numbers of responses that the task takes; undefined if it follows from the file. */
export interface Wanted {
  least?: number | undefined;
  most?: number | undefined;
}

export interface Plan {
  roles: ReadonlyMap<string, ReadRole>;
  /** Parts of the prompt, in their order. */
  prompts: readonly string[];
  conversations: readonly string[];
  responses: readonly string[];
  /** Those of the responses' columns that list several each. */
  lists: readonly string[];
  /** Columns of texts, in which what looks like a list is text. */
  texts: ReadonlySet<string>;
  /** The column of each response's source, by the response's. */
  sources: ReadonlyMap<string, string>;
  system?: string;
  gold?: string;
  id?: string;
  questions: readonly ColumnQuestion[];
  /** What the columns do not have at all. */
  lacking?: "prompt" | "responses";
}

const SYSTEM = /^(?:system|sys)(?:[-_ .]?(?:prompt|message|text))?$/i;
const PLACED_CONVERSATION =
  /^(?:conversations?|messages|chat|dialog(?:ue)?)[-_ .]?(?:\d{1,2}|[a-h]|left|right|chosen|rejected)$/i;
const CONVERSATION = /^(?:conversations?|messages|chat|dialog(?:ue)?)$/i;
const LISTS = /^(?:responses|completions|answers|outputs|candidates|generations)$/i;
/** Columns that describe a prompt rather than answer it. */
const DESCRIBES =
  /(?:^|[-_ ])(?:id|idx|index|uid|uuid|hash|category|categories|topic|type|task|language|lang|locale|source|dataset|split|difficulty|level|tags?|domain|subject|meta|metadata|url|date|time|timestamp|created_at|updated_at|license|notes?|comment|author|user|seed|gold|explanation|audience|priority|overlap|rating|score|rank|winner|count|length|tokens?|name)$/i;
/** What a column is called that names the model of the only answer. */
const MODEL = /^(?:model|provider|policy|generator|llm)(?:[-_ ]?(?:name|id))?$/i;
/** What the first column of a data frame is called. */
const INDEX = /^(?:unnamed: ?\d+|index)?$/i;

/**
 * The plan of a table.
 *
 * @param choices what people said; each stands, and what it answers is not asked.
 * @param wanted without `least`, a table may have no responses.
 */
export function planColumns(columns: readonly Column[], choices: ColumnChoices, wanted: Wanted = {}): Plan {
  return new Planning(columns, choices, wanted).plan();
}

class Planning {
  private readonly roles = new Map<string, ReadRole>();
  private readonly questions: ColumnQuestion[] = [];
  private lacking: Plan["lacking"];
  private prompts: string[];
  private conversations: string[];
  private responses: string[];
  /** Columns of which nothing is decided yet. */
  private free: Column[];

  constructor(
    private readonly columns: readonly Column[],
    private readonly choices: ColumnChoices,
    private readonly wanted: Wanted,
  ) {
    const chosen = (role: ReadRole) => Object.keys(choices).filter((name) => choices[name] === role);
    for (const { name } of columns)
      this.roles.set(name, Object.hasOwn(choices, name) ? choices[name] : "metadata");
    this.free = columns.filter(({ name, filled }) => filled > 0 && !Object.hasOwn(choices, name));
    this.prompts = chosen("prompt");
    this.conversations = chosen("conversation");
    this.responses = chosen("response");
    if (chosen("gold").length === 0) this.take("gold", ({ name }) => /^gold$/i.test(name));
    if (chosen("system").length === 0)
      this.take("system", ({ name, kind }) => kind === "text" && SYSTEM.test(name));
  }

  plan(): Plan {
    // What holds a prompt is known before responses are, but for a conversation, which may hold both.
    const lists = this.free.filter(
      ({ name, kind }) => LISTS.test(name) && ["texts", "objects"].includes(kind),
    );
    if (this.prompts.length + this.conversations.length === 0) this.findPrompt(lists);
    if (this.responses.length > 0) this.checkChosen();
    else if (this.conversations.length === 0) this.findResponses(lists);
    const sources = this.findSources();
    if (!Object.values(this.choices).includes("id")) this.take("id", ({ isId }) => isId);
    const named = (role: ReadRole) => [...this.roles].find(([, one]) => one === role)?.[0];
    const [system, gold, id] = [named("system"), named("gold"), named("id")];
    return {
      ...{ roles: this.roles, prompts: this.prompts, conversations: this.conversations },
      ...{ responses: this.responses, sources, questions: this.questions },
      lists: this.responses.filter((name) => this.isList(name)),
      texts: new Set(this.columns.filter(({ kind }) => kind === "text").map(({ name }) => name)),
      ...(system !== undefined && { system }),
      ...(gold !== undefined && { gold }),
      ...(id !== undefined && { id }),
      ...(this.lacking && { lacking: this.lacking }),
    };
  }

  /** Gives the first free column of a kind its role. */
  private take(role: ReadRole, is: (column: Column) => boolean): void {
    const found = this.free.find(is);
    if (found !== undefined) this.give(role, [found.name]);
  }

  private give(role: ReadRole, names: readonly string[]): void {
    for (const name of names) this.roles.set(name, role);
    this.free = this.free.filter(({ name }) => !names.includes(name));
  }

  private isList(name: string | undefined): boolean {
    const kind = this.columns.find((column) => column.name === name)?.kind;
    return kind === "texts" || kind === "objects";
  }

  private ask(about: ColumnQuestion["about"], columns: readonly string[]): void {
    this.questions.push({ about, columns: [...columns] });
    this.give("unclear", columns);
  }

  private findPrompt(lists: readonly Column[]): void {
    const placed = this.free.filter(({ name, kind }) => kind === "chat" && PLACED_CONVERSATION.test(name));
    const readable = this.free.filter(({ kind }) => ["text", "chat", "texts"].includes(kind));
    const named = promptOf(readable.map(({ name }) => name));
    if (named === undefined && placed.length > 1) {
      this.conversations = placed.map(({ name }) => name);
      this.give("conversation", this.conversations);
      return;
    }
    if (Array.isArray(named)) {
      this.ask("prompts", named);
      return;
    }
    if (named !== undefined) {
      const column = readable.find(({ name }) => name === named);
      const alone =
        lists.length === 0 && namedResponses(this.free).length === 0 && this.responses.length === 0;
      if (column?.kind === "chat" && column.answered && CONVERSATION.test(named) && alone) {
        this.conversations = [named];
        this.give("conversation", [named]);
        return;
      }
      this.prompts = [named];
      this.give("prompt", [named]);
      return;
    }
    // A prompt's column that holds objects or numbers is not another column.
    if (promptOf(this.free.map(({ name }) => name)) !== undefined) {
      this.lacking = "prompt";
      return;
    }
    const answers = [...lists.map(({ name }) => name), ...namedResponses(this.free)];
    const candidates = readable.filter(({ name }) => !answers.includes(name) && !describes(name));
    if (candidates.length === 0) this.lacking = "prompt";
    else
      this.ask(
        "prompt",
        candidates.map(({ name }) => name),
      );
  }

  /** Whether the chosen responses are enough; where not, the others that may be. */
  private checkChosen(): void {
    if (this.responses.some((name) => this.isList(name))) return;
    if (this.responses.length < (this.wanted.least ?? 0)) this.askForMore();
  }

  /** Asks which of the free columns are responses too, where any may be. */
  private askForMore(): void {
    const others = this.candidates();
    if (others.length > 0) this.ask("responses", others);
    else this.lacking ??= "responses";
  }

  private findResponses(lists: readonly Column[]): void {
    const { least, most } = this.wanted;
    if (most === 0) return;
    const others = this.free.filter((column) => !lists.includes(column) && column.kind !== "other");
    const found = responseFields(others.map(({ name }) => name));
    if ("unclear" in found) {
      this.ask(found.why === "mixed" ? "mixed" : "responses", found.unclear);
      return;
    }
    // A list of another name, such as a task's options, may be of labels.
    const [first, ...more] = found.responses;
    if (more.length === 0 && lists.length === 0 && this.isList(first)) {
      this.ask("responses", [first]);
      return;
    }
    const all = [...lists.map(({ name }) => name), ...found.responses];
    if (lists.length > 0 && all.length > 1) {
      this.ask("mixed", all);
      return;
    }
    if (lists.length === 0 && most !== undefined && all.length > most) {
      this.ask("responses", all);
      return;
    }
    if (all.length > 0) {
      this.responses = all;
      this.give("response", all);
      this.checkChosen();
      return;
    }
    const candidates = this.candidates();
    // Where the prompt is asked about, the answers are among the same columns.
    if (this.questions.length > 0 || this.lacking !== undefined || least === 0) return;
    if (candidates.length > 0) this.ask("responses", candidates);
    else if (least !== undefined) this.lacking ??= "responses";
  }

  /** Free columns that may be responses for all that their names say. */
  private candidates(): string[] {
    return this.free.filter(({ name, kind }) => kind !== "other" && !describes(name)).map(({ name }) => name);
  }

  private findSources(): Map<string, string> {
    const answers = this.responses.length > 0 ? this.responses : this.conversations;
    const chosen = Object.keys(this.choices).filter((name) => this.choices[name] === "source");
    const names = this.columns
      .map(({ name }) => name)
      .filter((name) => chosen.includes(name) || this.free.some((column) => column.name === name));
    const sources = sourcesOf(answers, names);
    const open = chosen.filter((name) => ![...sources.values()].includes(name));
    const without = answers.filter((name) => !sources.has(name));
    if (open.length > 0 && open.length === without.length)
      for (const [i, name] of without.entries()) sources.set(name, open[i]);
    this.give("source", [...new Set(sources.values())]);
    return sources;
  }
}

const describes = (name: string): boolean => DESCRIBES.test(name) || MODEL.test(name) || INDEX.test(name);

/** Columns that are surely responses by their names. */
function namedResponses(columns: readonly Column[]): string[] {
  const found = responseFields(columns.filter(({ kind }) => kind !== "other").map(({ name }) => name));
  return "responses" in found ? found.responses : found.unclear;
}
