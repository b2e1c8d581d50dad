// Writes docs/reference, a page for each entry of the package's exports, from the declarations and docstrings in dist.
//
//   npm run docs:library             writes the pages
//   npm run docs:library -- --check  says which would change, and exits with 1 if any
//   npm run docs:library -- --types  says which types signatures name that no entry exports, and exits with 1 if any
//   Both may be asked for at once.
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";

const OUT = "docs/reference";
const { name: packageName, exports } = JSON.parse(readFileSync("package.json", "utf8"));
/** What the examples share. */
const SHARED = ["data-file.ts", "tiny-model.ts"];
const EXAMPLES = readdirSync("examples").filter((file) => file.endsWith(".ts")).sort();

/** Most lines of a declaration that are shown. */
const MAX_LINES = 40;

/**
 * The text from `start` to the end of the statement there: to its semicolon or closing brace outside of all brackets.
 */
function statementAt(text, start) {
  let depth = 0;
  for (let i = start; i < text.length; i++) {
    const c = text[i];
    if (text.startsWith("/*", i)) i = text.indexOf("*/", i) + 1;
    else if (c === '"' || c === "`") i = text.indexOf(c, i + 1);
    else if ("({[".includes(c)) depth++;
    else if (")}]".includes(c)) {
      depth--;
      const block = c === "}" && depth === 0 && /^(export )?(declare )?(abstract )?(class|interface)\b/.test(text.slice(start));
      if (block) return text.slice(start, i + 1);
    } else if (c === ";" && depth === 0) return text.slice(start, i + 1);
  }
  return text.slice(start);
}

const escaped = (word) => word.replace(/[$]/g, "\\$&");

/** Docstring and declaration of a name in a file of declarations; a re-exported name is looked up in its own file. */
function declarationOf(file, name, from = name) {
  const text = readFileSync(file, "utf8");
  const word = new RegExp(
    `^(?:export )?(?:declare )?(?:abstract )?(?:function|const|class|interface|type|enum) ${escaped(name)}(?![\\w$])`,
    "m",
  ).exec(text);
  if (word) {
    const before = text.slice(0, word.index);
    const doc = /\/\*\*((?:(?!\*\/)[\s\S])*)\*\/\s*$/.exec(before)?.[1];
    return { name: from, doc: doc === undefined ? "" : plain(doc), code: statementAt(text, word.index) };
  }
  const whole = new RegExp(`^import \\* as ${escaped(name)} from "(\\.[^"]+)";`, "m").exec(text)?.[1];
  if (whole) {
    const target = join(dirname(file), whole.replace(/\.js$/, ".d.ts"));
    return { name: from, doc: moduleDoc(target), code: `namespace ${name} {\n  ${exportsOf(target).join(", ")}\n}` };
  }
  for (const { names, target } of reexports(file, text))
    for (const [own, outer] of names ?? [[name, name]]) {
      if (outer !== name) continue;
      const found = declarationOf(target, own, from);
      if (found) return found;
    }
  return undefined;
}

/** A docstring without its stars. */
const plain = (doc) =>
  doc
    .split("\n")
    .map((line) => line.replace(/^\s*\* ?/, ""))
    .join("\n")
    .trim();

function reexports(file, text) {
  const found = [];
  // Names that are imported and then exported in a list.
  for (const [, list] of text.matchAll(/^export \{([^}]*)\};/gm))
    for (const name of list.split(",").map((entry) => entry.trim().replace(/^type /, "")).filter(Boolean)) {
      const from = new RegExp(`^import (?:type )?\\{[^}]*\\b${escaped(name)}\\b[^}]*\\} from "(\\.[^"]+)";`, "m").exec(text)?.[1];
      if (from) found.push({ names: [[name, name]], target: join(dirname(file), from.replace(/\.js$/, ".d.ts")) });
    }
  for (const [, list, spec] of text.matchAll(/^export (?:type )?(\*|\{[^}]*\}) from "(\.[^"]+)";/gm)) {
    const target = join(dirname(file), spec.replace(/\.js$/, ".d.ts"));
    const names =
      list === "*"
        ? undefined
        : list
            .slice(1, -1)
            .split(",")
            .map((entry) => entry.trim().replace(/^type /, ""))
            .filter(Boolean)
            .map((entry) => [entry.split(" as ")[0], entry.split(" as ")[1] ?? entry]);
    found.push({ names, target });
  }
  return found;
}

/** Every name that a file of declarations exports. */
function exportsOf(file) {
  const text = readFileSync(file, "utf8");
  const own = [...text.matchAll(/^export (?:declare )?(?:abstract )?(?:function|const|class|interface|type|enum) ([\w$]+)/gm)];
  const others = reexports(file, text).flatMap(({ names, target }) =>
    names === undefined ? exportsOf(target) : names.map(([, outer]) => outer),
  );
  return [...new Set([...own.map(([, name]) => name), ...others])];
}

/** Where a name of a file of declarations is declared, as `file#name`; undefined for another package's or a global one. */
function originOf(path, name) {
  const file = join(path);
  const text = readFileSync(file, "utf8");
  const word = `(?:function|const|class|interface|type|enum) ${escaped(name)}(?![\\w$])`;
  if (new RegExp(`^(?:export )?(?:declare )?(?:abstract )?${word}`, "m").test(text)) return `${file}#${name}`;
  for (const [, list, spec] of text.matchAll(/^import (?:type )?\{([^}]*)\} from "(\.[^"]+)";/gm))
    for (const entry of list.split(",").map((one) => one.trim().replace(/^type /, ""))) {
      const [own, outer = own] = entry.split(" as ");
      if (outer === name) return originOf(join(dirname(file), spec.replace(/\.js$/, ".d.ts")), own);
    }
  for (const { names, target } of reexports(file, text))
    for (const [own, outer] of names ?? [[name, name]]) {
      const found = outer === name ? originOf(target, own) : undefined;
      if (found !== undefined) return found;
    }
  return undefined;
}

/** The types that a declaration names, by their origins: identifiers that begin with a capital, outside of texts. */
function typesNamedBy(origin) {
  const [file, name] = origin.split("#");
  const code = declarationOf(file, name).code.replace(/\/\*[\s\S]*?\*\//g, "").replace(/"[^"\n]*"/g, (text) => (text.startsWith('"./') || text.startsWith('"../') ? text : '""'));
  const imported = [...code.matchAll(/import\("(\.[^"]+)"\)\.(\w+)/g)].map(([, spec, own]) =>
    originOf(join(dirname(file), spec.replace(/\.js$/, ".d.ts")), own),
  );
  const words = new Set(code.match(/(?<![\w$.])[A-Z][\w$]*(?!\??:(?!:))/g));
  const isType = (found) => {
    const [at, own] = found.split("#");
    return !/^(export )?(declare )?const /.test(declarationOf(at, own).code);
  };
  return [...imported, ...[...words].map((word) => originOf(file, word))].filter(
    (found) => found !== undefined && found !== origin && isType(found),
  );
}

/** Types whose members a caller hands on and never names: what a server and a store are made of, and columns of tables. */
const OPAQUE = ["Services", "StoreContext", "Database", "Run", "CountingRuntime", "AdamW"];

/** Types that signatures of the entries name and no entry exports: `entry: name of file, which names it`. */
function unexportedTypes(entries) {
  const byEntry = entries.map(([entry, file]) => [entry, exportsOf(file).map((name) => originOf(file, name)).filter(Boolean)]);
  const exported = new Set(byEntry.flatMap(([, origins]) => origins));
  const found = new Map();
  for (const [entry, origins] of byEntry)
    for (const origin of origins.filter((one) => !OPAQUE.includes(one.split("#")[1])))
      for (const type of typesNamedBy(origin)) if (!exported.has(type)) found.set(type, `${entry}: ${type}, which ${origin.split("#")[1]} names`);
  return [...found.values()];
}

const moduleDoc = (file) => plain(/^\/\*\*([\s\S]*?)\*\//.exec(readFileSync(file, "utf8"))?.[1] ?? "");
/** A docstring as markdown: its example as code, its tags as a list. */
function asMarkdown(doc) {
  const [text, example] = doc.split(/^@example\s*$/m);
  const tags = text.replace(/^@(param|returns|throws)\s+/gm, (_, tag) => `- **${tag}** `);
  return [tags.trim(), ...(example ? ["", "```ts", example.trim(), "```"] : [])].join("\n").trim();
}

function page(entry, file) {
  const module = entry === "." ? packageName : `${packageName}/${entry.slice(2)}`;
  const found = exportsOf(file).map((name) => [name, declarationOf(file, name)]);
  const missing = found.filter(([, declaration]) => declaration === undefined).map(([name]) => name);
  if (missing.length > 0) throw new Error(`${module}: no declaration found of ${missing.join(", ")}`);
  if (moduleDoc(file) === "") throw new Error(`${module}: its file does not begin with a docstring`);
  const shown = found.map(([, declaration]) => declaration).sort((a, b) => (a.name < b.name ? -1 : 1));
  const examples = EXAMPLES.filter((example) => readFileSync(`examples/${example}`, "utf8").includes(`"${module}"`));
  return [
    `# ${module}`,
    "",
    asMarkdown(moduleDoc(file)),
    "",
    ...(examples.length > 0
      ? [`Examples: ${examples.map((example) => `[${example}](../../examples/${example})`).join(", ")}.`, ""]
      : []),
    ...shown.flatMap(({ name, doc, code }) => {
      const lines = code.replace(/^export declare |^export |^declare /, "").split("\n");
      const cut = lines.length > MAX_LINES ? [...lines.slice(0, MAX_LINES), "  // ..."] : lines;
      return [`## ${name}`, "", ...(doc ? [asMarkdown(doc), ""] : []), "```ts", ...cut, "```", ""];
    }),
  ].join("\n");
}

function index(entries) {
  const lines = entries.map(([entry, file]) => {
    const module = entry === "." ? packageName : `${packageName}/${entry.slice(2)}`;
    const [first] = moduleDoc(file).split(/\n\n|^@/m);
    return `| [${module}](${slug(entry)}.md) | ${first.replace(/\s+/g, " ")} |`;
  });
  const titles = EXAMPLES.filter((example) => !SHARED.includes(example)).map((example) => {
    const doc = moduleDoc(`examples/${example}`).replace(/\s+/g, " ");
    return `| [${example}](../../examples/${example}) | ${doc} |`;
  });
  return [
    "# Library reference",
    "",
    "Made from the docstrings by `npm run docs:library`. What the commands do, a program can do; each of the examples runs in the tests.",
    "",
    "| example | what it shows |",
    "|---|---|",
    ...titles,
    "",
    "| module | what is in it |",
    "|---|---|",
    ...lines,
    "",
  ].join("\n");
}

const slug = (entry) => (entry === "." ? "plumbline" : entry.slice(2));
const entries = Object.entries(exports)
  .filter(([, target]) => typeof target === "object")
  .map(([entry, { types }]) => [entry, types]);
const pages = new Map([["README.md", index(entries)], ...entries.map(([entry, file]) => [`${slug(entry)}.md`, page(entry, file)])]);

const [check, types] = ["--check", "--types"].map((flag) => process.argv.includes(flag));
if (types) {
  const found = unexportedTypes(entries);
  for (const line of found) console.error(`not exported: ${line}`);
  if (found.length > 0) process.exitCode = 1;
}
if (check) {
  const known = existsSync(OUT) ? readdirSync(OUT) : [];
  const stale = [...pages].filter(([file, text]) => !known.includes(file) || readFileSync(`${OUT}/${file}`, "utf8") !== text).map(([file]) => file);
  const gone = known.filter((file) => !pages.has(file));
  for (const file of [...stale, ...gone]) console.error(`${OUT}/${file} is not what the docstrings say; run npm run docs:library`);
  if (stale.length + gone.length > 0) process.exitCode = 1;
}
if (!check && !types) {
  rmSync(OUT, { recursive: true, force: true });
  mkdirSync(OUT, { recursive: true });
  for (const [file, text] of pages) writeFileSync(`${OUT}/${file}`, text);
  console.log(`${pages.size} pages in ${OUT}`);
}
