/** Builds the pages into dist/web: hashed files that browsers cache, each with its Brotli and gzip forms. */
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { brotliCompressSync, gzipSync, constants as zlib } from "node:zlib";
import { defineConfig, type Plugin } from "vite";
import { z } from "zod";
// Built by tsc beforehand: the contracts name each route's method and path.
import { AssignmentSettings } from "../dist/feedback/assign/settings.js";
import { contracts } from "../dist/server/contract/index.js";
import { TaskDefinition } from "../dist/votes/tasks/index.js";

const ROUTES = "virtual:routes";
const SCHEMAS = "virtual:schemas";
const OUT = fileURLToPath(new URL("../dist/web", import.meta.url));

/** Method and path of every route, so that browsers need to load neither the contracts nor zod. */
function routes(): Plugin {
  return {
    name: "routes",
    resolveId: (id) => (id === ROUTES ? `\0${ROUTES}` : undefined),
    load: (id) =>
      id === `\0${ROUTES}`
        ? `export default ${JSON.stringify(Object.fromEntries(contracts.map(({ id, method, path }) => [id, `${method} ${path}`])))}`
        : undefined,
  };
}

/** The schemas that forms are made from. */
function schemas(): Plugin {
  const made = Object.entries({ task: TaskDefinition, settings: AssignmentSettings }).map(
    ([name, schema]) => [name, z.toJSONSchema(schema, { io: "input" })],
  );
  return {
    name: "schemas",
    resolveId: (id) => (id === SCHEMAS ? `\0${SCHEMAS}` : undefined),
    load: (id) =>
      id === `\0${SCHEMAS}` ? `export default ${JSON.stringify(Object.fromEntries(made))}` : undefined,
  };
}

/** Compresses the files once, rather than for each request. */
function compressed(): Plugin {
  return {
    name: "compressed",
    closeBundle() {
      for (const entry of readdirSync(OUT, { recursive: true, withFileTypes: true })) {
        if (!entry.isFile() || /\.(br|gz)$/.test(entry.name)) continue;
        const file = join(entry.parentPath, entry.name);
        const body = readFileSync(file);
        const quality = { params: { [zlib.BROTLI_PARAM_QUALITY]: zlib.BROTLI_MAX_QUALITY } };
        writeFileSync(`${file}.br`, brotliCompressSync(body, quality));
        writeFileSync(`${file}.gz`, gzipSync(body, { level: 9 }));
      }
    },
  };
}

export default defineConfig({
  root: fileURLToPath(new URL(".", import.meta.url)),
  // The server writes into the document below which path it lies.
  base: "./",
  plugins: [routes(), schemas(), compressed()],
  oxc: { jsx: { runtime: "automatic", importSource: "preact" } },
  build: {
    outDir: OUT,
    emptyOutDir: true,
    target: "es2022",
    // Nothing is inlined: the pages' policy allows data: only for images, and no script or style in the page.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    reportCompressedSize: false,
  },
});
