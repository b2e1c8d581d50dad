/** Keeps Stryker from mutating texts for people, on which no number depends (docs/checks.md). */
import { declareValuePlugin, PluginKind } from "@stryker-mutator/api/plugin";

const isError = (callee) => callee.type === "Identifier" && /Error$/.test(callee.name);

/** @returns why a node and all below it are not mutated, if so. */
function shouldIgnore({ node, parent, listKey }) {
  if (listKey === "arguments") {
    if (parent.type === "NewExpression" && isError(parent.callee)) return "the text of an error, and its hint";
    if (parent.type === "CallExpression" && parent.callee.property?.name === "describe")
      return "the description of a setting";
  }
  if (node.type === "ObjectProperty" && node.key.name === "hint") return "a hint";
  return undefined;
}

export const strykerPlugins = [declareValuePlugin(PluginKind.Ignore, "texts", { shouldIgnore })];
