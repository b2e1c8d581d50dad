import type { OpenApi } from "../openapi.js";
import { escapeHtml, type Page } from "./page.js";

const STYLE = `body{font:15px/1.5 system-ui,sans-serif;max-width:60rem;margin:2rem auto;padding:0 1rem;color:#1c2330;background:#fff}
code,pre{font-family:ui-monospace,monospace;font-size:13px}pre{overflow:auto;padding:.6rem;background:#8881;border-radius:4px}
summary{cursor:pointer}b{text-transform:uppercase}@media(prefers-color-scheme:dark){body{color:#e8ecf4;background:#12161d}}`;

/** The API for people: every operation with what it takes and gives. */
export function docsPage(document: OpenApi): Page {
  const groups = document.tags.map(({ name }) => {
    const operations = Object.entries(document.paths).flatMap(([path, methods]) =>
      Object.entries(methods)
        .filter(([, { tags }]) => tags.includes(name))
        .map(([method, operation]) => {
          const details = escapeHtml(JSON.stringify(operation, null, 1));
          return `<details><summary><b>${method}</b> <code>${escapeHtml(path)}</code> ${escapeHtml(operation.summary)}</summary><p>${escapeHtml(operation.description)}</p><pre>${details}</pre></details>`;
        }),
    );
    return `<h2>${escapeHtml(name)}</h2>${operations.join("\n")}`;
  });
  const schemas = escapeHtml(JSON.stringify(document.components.schemas, null, 1));
  return {
    title: "Plumbline API",
    style: STYLE,
    body: `<main><h1>Plumbline API</h1><p>${escapeHtml(document.info.description)} The same for programs: <a href="openapi.json">openapi.json</a>.</p>${groups.join("\n")}<h2>Schemas</h2><pre>${schemas}</pre></main>`,
  };
}
