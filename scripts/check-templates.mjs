// Renders chat templates as transformers renders them? Compares what scripts/reference/chat_templates.py wrote.
//
//   npm run check:templates -- FOLDER EXPECTED   a folder of .jinja files, and that script's output for it
//
// Right is the same text, or an error where transformers has one, or where its text lacks what a message says.
import { readFileSync } from "node:fs";
import { compileTemplate } from "../dist/text/template/compile.js";
import { templateMessages } from "../dist/text/chat/messages.js";
import { TemplateInterpreter } from "../dist/text/template/interpreter.js";
import { templateGlobals } from "../dist/text/template/variables.js";

const [folder, expected] = process.argv.slice(2);
if (expected === undefined) {
  console.error("usage: npm run check:templates -- FOLDER EXPECTED");
  process.exit(2);
}
const DAY = "2026-01-05";
const count = { same: 0, "both refuse": 0, "refused here, text lost there": 0, wrong: 0 };
for (const line of readFileSync(expected, "utf8").trim().split("\n")) {
  const { template, shape, messages, variables, text, error } = JSON.parse(line);
  let [got, refused] = [];
  try {
    const source = readFileSync(`${folder}/${template}`, "utf8");
    const given = { ...templateGlobals(DAY), tools: null, documents: null, ...variables };
    const { parsed } = templateMessages(messages);
    got = new TemplateInterpreter().render(compileTemplate(source), { ...given, messages: parsed });
  } catch (thrown) {
    refused = thrown;
  }
  const contents = messages.flatMap(({ content }) => (typeof content === "string" ? [content.trim()] : []));
  const lost = text !== undefined && contents.some((content) => content === "" || !text.includes(content));
  const kind =
    error !== undefined
      ? refused ? "both refuse" : "wrong"
      : refused ? (lost ? "refused here, text lost there" : "wrong") : got === text ? "same" : "wrong";
  count[kind]++;
  if (kind === "wrong") console.log(`${template}, ${shape}: expected ${error ?? JSON.stringify(text)}\n  got ${refused ?? JSON.stringify(got)}`);
}
console.log(Object.entries(count).map(([kind, n]) => `${n} ${kind}`).join(", "));
process.exit(count.wrong > 0 ? 1 : 0);
