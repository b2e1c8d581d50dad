import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import { describe, expect, test } from "vitest";
import { architectureMap } from "./architecture-map.js";
import { LEVELS, NEIGHBOURS, ROOMS } from "./layer-order.js";

/** Groups of files whose types need each other, beside those whose values do. */
const TYPE_CIRCLES = [
  // What PPO reports is made of the types of the file that tells PPO from top to bottom.
  ["src/algorithms/ppo-metrics.ts", "src/algorithms/ppo.ts"],
  // A node has attributes, and one of them is a matrix of tensors.
  ["src/tensor/graph.ts", "src/tensor/op-attributes.ts"],
];
/**
 * What lives at the top of a module and changes, which all users of a process share: a memo of what never changes, what
 * a process has once, or the state of a thread's own program.
 */
const SHARED_STATE: Record<string, string[]> = {
  "src/cli/settings.ts": ["made"], // the JSON schema of each command's settings, made once
  "src/demo/language-model.ts": ["known"], // token ids by tokenizer, held weakly
  "src/demo/rating/worker.ts": ["session"], // the program of a thread
  "src/demo/stages/sampler.ts": ["samplers"], // generators by network, held weakly
  "src/feedback/store/ids.ts": ["drawn"], // random bytes not yet used
  "src/feedback/store/database/sets.ts": ["inserts"], // texts of statements
  "src/feedback/store/database/sqlite-worker.ts": ["database", "statements"], // the program of a thread
  "src/model/formats/half.ts": ["table"], // all numbers of 16 bits
  "src/pipeline/code.ts": ["digests", "modules"], // of this program's own files
  "src/runtime/ort/api.ts": ["library", "table"], // the native library, loaded once
  "src/runtime/ort/buffer.ts": ["cpuMemory", "made"], // a native constant; numbers no other buffer has
  "src/runtime/ort/heap.ts": ["heap", "timer"], // the C heap
  "src/runtime/ort/index.ts": ["folders"], // what is removed when the process ends
  "src/server/analysis/thread.ts": ["last"], // the program of a thread
  "src/tensor/scope.ts": ["current"], // set and set back while one function is traced, without waiting
  "src/text/chat/render.ts": ["compiled"], // templates by tokenizer, held weakly
  "src/text/chat/turn-end.ts": ["known"], // likewise
};
/** The public interface stands above everything. */
const TOP = "index";

const ROOT = path.resolve(".");
const MAP = "docs/images/architecture.svg";
const files = (dir: string, extension: RegExp): string[] =>
  readdirSync(path.join(ROOT, dir), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && extension.test(entry.name))
    .map((entry) => path.relative(ROOT, path.join(entry.parentPath, entry.name)).replaceAll(path.sep, "/"));
const read = (file: string): string => readFileSync(path.join(ROOT, file), "utf8");
const lines = (file: string): number => read(file).split("\n").length - 1;

const sources = files("src", /\.ts$/).filter((file) => !file.endsWith(".test.ts"));
/** The folder of src that a file belongs to, or a file's own name at the top. */
const layerOf = (file: string): string => file.split("/")[1].replace(/\.ts$/, "");
const levelOf = (layer: string): number =>
  layer === TOP ? LEVELS.length : LEVELS.findIndex((level) => level.includes(layer));
const IMPORT = /(?:^|\n)\s*(?:import|export)\s[^;]*?from\s+"(\.[^"]+)"|import\("(\.[^"]+)"\)/g;

function imports(file: string): string[] {
  const found = [...read(file).matchAll(IMPORT)].map((match) => match[1] ?? match[2]);
  return found.map((target) =>
    path.posix.normalize(`${path.posix.dirname(file)}/${target}`).replace(/\.js$/, ".ts"),
  );
}

/** Files whose values a file needs when it is loaded; what is imported as a type alone is not among them. */
function valueImports(file: string): string[] {
  const found = [...read(file).matchAll(/^(?:import|export) (?!type )([^;"]*?) ?from "(\.[^"]+)";/gm)];
  return found
    .filter(([, names]) => {
      const listed = /^\{([^}]*)\}$/s.exec(names)?.[1].split(",");
      return listed === undefined || listed.some((name) => /^\s*(?!type )\w/.test(name));
    })
    .map(([, , target]) =>
      path.posix.normalize(`${path.posix.dirname(file)}/${target}`).replace(/\.js$/, ".ts"),
    );
}

/** Groups of files of which each needs every other one, by name (Tarjan's strongly connected components). */
function circles(needed: ReadonlyMap<string, readonly string[]>): string[][] {
  const [number, lowest] = [new Map<string, number>(), new Map<string, number>()];
  const [stack, found]: [string[], string[][]] = [[], []];
  const visit = (file: string): number => {
    number.set(file, number.size);
    let low = number.get(file) as number;
    stack.push(file);
    for (const next of needed.get(file) ?? []) {
      if (!number.has(next)) low = Math.min(low, visit(next));
      else if (stack.includes(next)) low = Math.min(low, lowest.get(next) ?? (number.get(next) as number));
    }
    lowest.set(file, low);
    if (low !== number.get(file)) return low;
    const members = stack.splice(stack.indexOf(file));
    if (members.length > 1) found.push(members.sort());
    return low;
  };
  for (const file of needed.keys()) if (!number.has(file)) visit(file);
  return found;
}

describe("layers", () => {
  test("every folder has its place", () => {
    const unknown = new Set(sources.map(layerOf).filter((layer) => levelOf(layer) < 0));
    expect([...unknown]).toEqual([]);
    for (const layer of LEVELS.flat()) expect(sources.map(layerOf), `src/${layer} is gone`).toContain(layer);
  });

  test("import downwards only", () => {
    const upwards: string[] = [];
    let seen = 0;
    for (const file of sources) {
      const from = layerOf(file);
      for (const target of imports(file)) {
        const to = layerOf(target);
        expect(target.startsWith("src/"), `${file} imports ${target}`).toBe(true);
        seen++;
        if (from === to || NEIGHBOURS.has(`${from} ${to}`) || levelOf(to) < levelOf(from)) continue;
        upwards.push(`${file} imports ${target}`);
      }
    }
    expect(upwards).toEqual([]);
    expect(seen).toBeGreaterThan(100);
  });

  test("files do not need each other in circles, but for operations whose gradients are one another", () => {
    const needed = new Map(sources.map((file) => [file, valueImports(file)]));
    expect(circles(needed)).toEqual([
      ["src/tensor/ops/elementwise.ts", "src/tensor/ops/layout.ts", "src/tensor/ops/reduce.ts"],
    ]);
    expect([...needed.values()].flat().length).toBeGreaterThan(1000);
  });

  test("types do neither, but for few that are said", () => {
    const needed = new Map(sources.map((file) => [file, imports(file)]));
    expect(circles(needed).sort()).toEqual(
      [
        ...TYPE_CIRCLES,
        ["src/tensor/ops/elementwise.ts", "src/tensor/ops/layout.ts", "src/tensor/ops/reduce.ts"],
      ].sort(),
    );
  });

  test("the picture in docs/architecture.md is of this order and these imports", () => {
    const imported = new Set(
      sources.flatMap((file) => imports(file).map((to) => `${layerOf(file)} ${layerOf(to)}`)),
    );
    const drawn = architectureMap(LEVELS, ROOMS, imported);
    if (process.env.UPDATE_MAP) writeFileSync(path.join(ROOT, MAP), drawn);
    expect(read(MAP), `${MAP}: UPDATE_MAP=1 npx vitest run test/layers.test.ts draws it anew`).toBe(drawn);
  });

  test("every sub-folder has its place", () => {
    const folders = new Map<string, Set<string>>();
    for (const file of sources) {
      const parts = file.split("/");
      for (let depth = 2; depth < parts.length - 1; depth++) {
        const folder = parts.slice(0, depth).join("/");
        folders.set(folder, (folders.get(folder) ?? new Set()).add(parts[depth]));
      }
    }
    expect([...folders.keys()].sort()).toEqual(Object.keys(ROOMS).sort());
    for (const [folder, names] of folders) {
      const rooms = ROOMS[folder].flat();
      expect(rooms, folder).toEqual(expect.arrayContaining([...names]));
      const there = [...names, ...sources.filter((file) => path.posix.dirname(file) === folder)].map((name) =>
        path.posix.basename(name, ".ts"),
      );
      for (const room of rooms) if (room !== "*") expect(there, `${folder}/${room} is gone`).toContain(room);
    }
  });

  test("import downwards only, inside folders too", () => {
    const upwards: string[] = [];
    let seen = 0;
    for (const [folder, levels] of Object.entries(ROOMS)) {
      const roomOf = (file: string): { name: string; isFile: boolean } => {
        const [first, ...rest] = file.slice(folder.length + 1).split("/");
        const name = first.replace(/\.ts$/, "");
        return { name: levels.flat().includes(name) ? name : "*", isFile: rest.length === 0 };
      };
      const levelOfRoom = (name: string): number => levels.findIndex((level) => level.includes(name));
      for (const file of sources.filter((name) => name.startsWith(`${folder}/`)))
        for (const target of imports(file).filter((name) => name.startsWith(`${folder}/`))) {
          const [from, to] = [roomOf(file), roomOf(target)];
          const down = levelOfRoom(from.name) - levelOfRoom(to.name);
          seen++;
          if (from.name === to.name || down > 0 || (down === 0 && from.isFile && to.isFile)) continue;
          upwards.push(`${file} imports ${target}`);
        }
    }
    expect(upwards).toEqual([]);
    expect(seen).toBeGreaterThan(500);
  });

  test("only the store speaks SQL", () => {
    const sql =
      /\.(?:selectFrom|insertInto|updateTable|deleteFrom|introspection)\b|\bsql[`<]|from "(?:kysely|pg|libsql)"|store\/tables\.js"/;
    const speaking = sources.filter((file) => sql.test(read(file)));
    const elsewhere = speaking.filter((file) => !file.startsWith("src/feedback/store/"));
    expect(elsewhere).toEqual([]);
    expect(speaking.length).toBeGreaterThan(30);
  });

  test("modules keep no state, but for what is said", () => {
    const STATE =
      /^(?:export )?(?:let (\w+)|const ([a-z]\w*)[^;=]*= (?:new (?:Weak)?(?:Map|Set)\b[^;(]*\(\)|\[\]|\{\});)/gm;
    const found = sources.map((file) => [
      file,
      [...read(file).matchAll(STATE)].map(([, variable, container]) => variable ?? container).sort(),
    ]);
    expect(Object.fromEntries(found.filter(([, names]) => names.length > 0))).toEqual(SHARED_STATE);
  });

  test("the pages take types from the contracts and the tasks, and of values a file that imports nothing", () => {
    const VALUES = "src/votes/tasks/kind-tables.ts";
    expect(imports(VALUES)).toEqual([]);
    expect(read(VALUES)).not.toMatch(/^import /m);
    const pages = files("web", /\.tsx?$/).filter((file) => !/\.test\.ts$|vite\.config\.ts$/.test(file));
    const wrong: string[] = [];
    for (const file of pages)
      for (const [statement, target] of read(file).matchAll(
        /^(?:import|export)\s[^;]*?from\s+"([^"]+)";/gm,
      )) {
        if (
          target.includes("/src/") &&
          !/^import type .*\/src\/(server\/contract|votes\/tasks)\//s.test(statement) &&
          !(file === "web/task-kinds.ts" && target === `../${VALUES.replace(/ts$/, "js")}`)
        )
          wrong.push(`${file} imports ${target}`);
        if (target === "zod" && !statement.startsWith("import type")) wrong.push(`${file} imports zod`);
      }
    expect(wrong).toEqual([]);
    expect(pages.length).toBeGreaterThan(30);
  });

  test("only runtime/ort touches native code, and only runtime knows ONNX", () => {
    const naming = (word: RegExp): string[] =>
      sources.filter((file) => word.test(read(file).replace(/\/\*[\s\S]*?\*\/|\/\/.*/g, "")));
    expect(naming(/from "koffi"/).sort()).toEqual(["src/runtime/ort/api.ts", "src/runtime/ort/heap.ts"]);
    expect(naming(/from "protobufjs"/)).toEqual(["src/runtime/onnx/schema.ts"]);
  });
});

describe("sizes", () => {
  test("no file is longer than 500 lines, the median is under 150", () => {
    const long = [...sources, ...files("test", /\.ts$/), ...files("src", /\.test\.ts$/)].filter(
      (file) => lines(file) > 500,
    );
    expect(long.map((file) => `${file}: ${lines(file)}`)).toEqual([]);
    const sorted = sources.map(lines).sort((a, b) => a - b);
    expect(sorted[Math.floor(sorted.length / 2)]).toBeLessThan(150);
  });

  test("a command parses, calls and prints: no file of commands is longer than 60 lines", () => {
    const commands = files("src/cli/commands", /\.ts$/);
    expect(commands.filter((file) => lines(file) > 60).map((file) => `${file}: ${lines(file)}`)).toEqual([]);
    expect(commands.length).toBeGreaterThan(20);
  });

  test("files with more than ten exported values are few, and said", () => {
    const count = (file: string): number =>
      [...read(file).matchAll(/^export (?:async )?(?:const|function|class)/gm)].length;
    const wide = sources.filter((file) => count(file) > 10).map((file) => `${file}: ${count(file)}`);
    if (wide.length > 0) console.info(`more than ten exported values: ${wide.join(", ")}`);
    expect(wide.length).toBeLessThan(sources.length / 20);
  });
});

describe("what is published", () => {
  test("names no path of one machine", () => {
    const texts = [
      ...files("docs", /\.(md|json|svg)$/),
      ...files("recipes", /\.ya?ml$/),
      ...sources,
      "README.md",
      "package.json",
    ].filter((file) => readdirSync(path.join(ROOT, path.dirname(file))).includes(path.basename(file)));
    const found = texts.flatMap((file) =>
      (read(file).match(/(?<![\w.~-])\/(?:work|home|root|Users|tmp\/bash_jobs)\/[\w.-]+/g) ?? []).map(
        (p) => `${file}: ${p}`,
      ),
    );
    expect(found).toEqual([]);
  });

  test("nothing is left to do", () => {
    const marks = [...sources, ...files("test", /\.ts$/)].filter((file) =>
      /\b(TO[D]O|FIX[M]E|XX[X])\b/.test(read(file)),
    );
    expect(marks).toEqual([]);
  });
});
