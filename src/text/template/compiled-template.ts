/** A parsed template, with what running it needs to know of its nodes. */
import type { Node } from "./library.js";

export interface CompiledTemplate {
  program: Node;
  /** Expressions whose value the template writes. */
  written: WeakSet<Node>;
  /** Expressions that loops go through. */
  iterated: WeakSet<Node>;
}

/** Statements, whose value is text that was written already. */
const STATEMENTS = new Set([
  ...[
    "Program",
    "Set",
    "If",
    "For",
    "Macro",
    "CallStatement",
    "FilterStatement",
    "Break",
    "Continue",
    "Comment",
  ],
]);

/** Properties of statements that hold what a template writes. */
const BODIES = new Set(["body", "alternate", "defaultBlock"]);

/** Marks what the template writes, in all bodies, and what its loops go through. */
export function marked(program: Node): CompiledTemplate {
  const [written, iterated] = [new WeakSet<Node>(), new WeakSet<Node>()];
  const open: unknown[] = [program];
  const seen = new Set<unknown>();
  while (open.length > 0) {
    const node = open.pop();
    if (typeof node !== "object" || node === null || seen.has(node)) continue;
    seen.add(node);
    const { type, iterable } = node as { type?: string; iterable?: Node & { lhs?: Node } };
    if (type === "For" && iterable !== undefined) iterated.add(iterable.lhs ?? iterable);
    for (const [key, member] of Object.entries(node)) {
      if (Array.isArray(member)) {
        if (BODIES.has(key))
          for (const one of member as Node[]) if (!STATEMENTS.has(one.type)) written.add(one);
        open.push(...member);
      } else open.push(member);
    }
  }
  return { program, written, iterated };
}
