/** The parts of @huggingface/jinja used here; the package's own declarations do not resolve under NodeNext. */
import * as jinja from "@huggingface/jinja";

/** A node of a parsed template. */
export interface Node {
  type: string;
}

/** A value of the interpreter, such as a StringValue. */
export interface Value {
  type: string;
  value: unknown;
}

/** Variables by name. */
export interface Scope {
  /** Sets a variable to a JavaScript value, and returns the interpreter's. */
  set(name: string, value: unknown): Value;
}

/** The library's interpreter: it calls `evaluate` for each node, its children's too. */
export const Interpreter = jinja.Interpreter as unknown as new (
  scope?: Scope,
) => { global: Scope; evaluate(node: Node | undefined, scope: Scope): Value };

const Environment = jinja.Environment as unknown as new () => Scope;

/** @throws SyntaxError if the source is not a template */
export const parseTemplate = (source: string): Node =>
  new (jinja.Template as unknown as new (source: string) => { parsed: Node })(source).parsed;

/** A JavaScript value as the interpreter's. */
export const runtimeValue = (value: unknown): Value => new Environment().set("value", value);
