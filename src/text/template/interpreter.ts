/**
 * Runs a chat template as Jinja in Python does, where the library differs: how values are written, what equals what,
 * which operands + takes. What only Python can do (formatting with %) is an error, never another text.
 */
import { PlumbError } from "../../base/errors.js";
import type { CompiledTemplate } from "./compiled-template.js";
import { Interpreter, type Node, runtimeValue, type Scope, type Value } from "./library.js";
import { isList, isString, members, pythonEquals, pythonText } from "./python-values.js";

/** Most steps that rendering one conversation may take; templates come with untrusted models. */
const MAX_TEMPLATE_STEPS = 1_000_000;
/** Steps that an item of a loop counts as: the library prepares all items before the first is used. */
const STEPS_PER_ITEM = 10;
/** Most characters that a template may write or hold in one string. */
const MAX_RENDERED_CHARACTERS = 2 ** 24;

type Binary = Node & { operator: { value: string }; left: Node; right: Node };
type Filter = Node & { operand: Node; filter: Node };
type Call = Node & { callee: Node & { object?: Node; property?: { value?: unknown } } };

export class TemplateInterpreter extends Interpreter {
  private steps = 0;
  private template: CompiledTemplate | undefined;

  /** The text that a parsed template writes, with these variables. @throws what the library throws, or PlumbError */
  render(template: CompiledTemplate, variables: Record<string, unknown>): string {
    for (const [name, value] of Object.entries(variables)) this.global.set(name, value);
    this.template = template;
    return String(this.evaluate(template.program, this.global).value);
  }

  override evaluate(node: Node | undefined, scope: Scope): Value {
    const value = this.result(node, scope);
    const marks = this.template;
    const items =
      node !== undefined && marks?.iterated.has(node) && isList(value) ? members(value).length : 0;
    this.steps += 1 + STEPS_PER_ITEM * items;
    if (this.steps > MAX_TEMPLATE_STEPS) {
      throw new PlumbError(
        `The chat template takes more than ${MAX_TEMPLATE_STEPS} steps for this conversation.`,
      );
    }
    if (typeof value.value === "string" && value.value.length > MAX_RENDERED_CHARACTERS) {
      throw new PlumbError(`The chat template writes more than ${MAX_RENDERED_CHARACTERS} characters.`);
    }
    return node !== undefined && marks?.written.has(node) && !isString(value)
      ? text(pythonText(value))
      : value;
  }

  private result(node: Node | undefined, scope: Scope): Value {
    if (isKnown(node)) return node.known;
    if (node?.type === "BinaryExpression") return this.binary(node as Binary, scope);
    if (node?.type === "FilterExpression") return this.filtered(node as Filter, scope);
    if (node?.type === "CallExpression") return this.called(node as Call, scope);
    return super.evaluate(node, scope);
  }

  /** The methods of strings whose result differs from the library's. */
  private called(node: Call, scope: Scope): Value {
    const { callee } = node;
    const name = callee.type === "MemberExpression" ? callee.property?.value : undefined;
    if (callee.object === undefined || (name !== "capitalize" && name !== "title"))
      return super.evaluate(node, scope);
    const object = this.evaluate(callee.object, scope);
    if (isString(object) && name === "capitalize") return text(capitalized(object.value as string));
    if (isString(object)) throw new Error(".title() is not supported; the filter of that name is");
    return super.evaluate({ ...node, callee: { ...callee, object: known(object) } } as Node, scope);
  }

  private binary(node: Binary, scope: Scope): Value {
    const operator = node.operator.value;
    if (operator === "and" || operator === "or") return super.evaluate(node, scope);
    const [left, right] = [this.evaluate(node.left, scope), this.evaluate(node.right, scope)];
    switch (operator) {
      case "~":
        return text(pythonText(left) + pythonText(right));
      case "==":
        return runtimeValue(pythonEquals(left, right));
      case "!=":
        return runtimeValue(!pythonEquals(left, right));
      case "+":
        if (isString(left) !== isString(right)) {
          throw new Error(`+ takes two strings, not ${named(left)} and ${named(right)}`);
        }
        break;
      case "%": {
        if (isString(left)) throw new Error("formatting with % is not supported");
        const rest = super.evaluate(withKnown(node, left, right), scope);
        const negative = Number(rest.value) !== 0 && Number(rest.value) < 0 !== Number(right.value) < 0;
        return negative ? super.evaluate(sum(node, rest, right), scope) : rest;
      }
      case "in":
      case "not in":
        if (isList(right)) {
          const found = members(right).some((member) => pythonEquals(member, left));
          return runtimeValue(found === (operator === "in"));
        }
    }
    return super.evaluate(withKnown(node, left, right), scope);
  }

  private filtered(node: Filter, scope: Scope): Value {
    const operand = this.evaluate(node.operand, scope);
    const filter = node.filter as Node & { value?: string; callee?: { value?: string } };
    const name = filter.value ?? filter.callee?.value;
    if (name === "string") return text(pythonText(operand));
    if (name === "trim" && !isString(operand)) return text(pythonText(operand).trim());
    if (isString(operand) && name !== undefined && Object.hasOwn(CASES, name)) {
      return text(CASES[name as keyof typeof CASES](operand.value as string));
    }
    const given =
      name === "join" && isList(operand) ? runtimeValue(members(operand).map(pythonText)) : operand;
    return super.evaluate({ ...node, operand: known(given) } as Node, scope);
  }
}

type Known = Node & { known: Value };
const known = (value: Value): Known => ({ type: "Known", known: value });
const isKnown = (node: Node | undefined): node is Known => node?.type === "Known";

const withKnown = (node: Binary, left: Value, right: Value): Node =>
  ({ ...node, left: known(left), right: known(right) }) as Node;

const sum = (node: Binary, left: Value, right: Value): Node =>
  withKnown({ ...node, operator: { ...node.operator, value: "+" } }, left, right);

const text = (value: string): Value => runtimeValue(value);

const named = ({ type }: Value): string => type.replace("Value", "").toLowerCase();

const capitalized = (value: string): string => value.slice(0, 1).toUpperCase() + value.slice(1).toLowerCase();

/** Jinja's filters of case, which differ from the library's. */
const CASES = {
  capitalize: capitalized,
  title: (value: string): string => value.replace(/[^-\s({[<]+/g, capitalized),
};
