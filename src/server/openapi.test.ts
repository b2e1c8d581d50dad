import { readFileSync } from "node:fs";
import { expect, it } from "vitest";
import { apiMarkdown } from "./api-markdown.js";
import { contracts, takesBody } from "./contract/index.js";
import { openApi } from "./openapi.js";

const document = openApi("https://rate.example.org");

it("docs/api.md is what `npm run docs:api` writes", () => {
  expect(readFileSync("docs/api.md", "utf8")).toBe(apiMarkdown());
});

it("holds every contract, with its parameters, body and answer", () => {
  const operations = Object.entries(document.paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]) => ({ path, method, ...operation })),
  );
  expect(operations).toHaveLength(contracts.length);
  for (const contract of contracts) {
    const operation = document.paths[contract.path][contract.method];
    const named = operation.parameters
      .filter((parameter) => parameter.in === "path")
      .map(({ name }) => `{${name}}`);
    expect(contract.path.match(/\{\w+\}/g) ?? [], contract.id).toEqual(named);
    expect(operation.requestBody !== undefined, contract.id).toBe(takesBody(contract));
    expect(Object.keys(operation.responses), contract.id).toContain(String(contract.status));
    expect(operation.security.length > 0, contract.id).toBe(contract.access.roles !== "anyone");
  }
});

it("refers only to schemas that it has, and names each once", () => {
  const text = JSON.stringify(document);
  const references = [...text.matchAll(/"\$ref":"([^"]+)"/g)].map(([, target]) => target);
  expect(references.length).toBeGreaterThan(20);
  for (const target of new Set(references)) {
    expect(target).toMatch(/^#\/components\/schemas\/\w+$/);
    expect(document.components.schemas, target).toHaveProperty(target.split("/").at(-1) as string);
  }
  expect(text).not.toContain("$defs");
  expect(document.components.securitySchemes.session).toMatchObject({ name: "__Host-plumb" });
});
