import { type Contract, contracts } from "./contract/index.js";
import { type OpenApi, openApi, whoMay } from "./openapi.js";

const PREFACE = `# The feedback server's API

This page is made from the contracts in \`src/server/contract\` by \`npm run docs:api\`; a running server serves the same at \`/docs\`
and, as OpenAPI 3.1, at \`/openapi.json\`. Paths are under \`/api/v1\`. docs/server.md describes how to run a server, and the roles.

- **People** sign in (\`POST /session\`) or accept an invitation; the answer sets the session's cookie and gives \`csrf\`, to be
  sent as \`X-CSRF-Token\` with every request but GET.
- **Programs** send \`Authorization: Bearer plumb_key_...\`; a key allows what its scopes name, within its owner's role.
- Bodies are JSON. Fields with ? may be left out; fields that are not listed are refused.
- Refusals are \`{"error": {"message", "field"?, "hint"?, "request"}}\`: 400 the request is malformed, 401 not signed in, 403 not
  allowed, 404 not found, or in a project of others, 405, 409 in conflict with the current state, 410 expired, 413 too
  long, 415 not JSON, 421 another host, 422 it does not fit the project, 429 too often (see \`Retry-After\`).
- Times are Unix milliseconds. Lists are paged with \`after\` and \`limit\`; \`next\`, where there is more, is the next \`after\`.
- Outside the API: \`GET /healthz\`, \`GET /readyz\`, \`GET /metrics\` (admins, or a key with the scope \`metrics\`).
`;

/** The text of docs/api.md. */
export function apiMarkdown(): string {
  const document = openApi("http://localhost:8080");
  const sections = document.tags.map(({ name }) => {
    const routes = contracts.filter(({ tag }) => tag === name);
    return `## ${name}\n\n${routes.map((contract) => route(contract, document)).join("\n")}`;
  });
  const schemas = Object.entries(document.components.schemas)
    .filter(([name]) => !name.includes("__schema"))
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, schema]) => `### ${name}\n\n\`\`\`\n${typeOf(schema, "")}\n\`\`\`\n`);
  return `${PREFACE}\n${sections.join("\n")}\n## Schemas\n\n${schemas.join("\n")}`;
}

function route(
  { id, method, path, summary, access, status, bodyLimit }: Contract,
  { paths }: OpenApi,
): string {
  const { parameters, requestBody, responses } = paths[path][method];
  const content = (part: unknown) => Object.values((part as { content?: object })?.content ?? {})[0]?.schema;
  const [body, result] = [content(requestBody), content(responses[status])];
  const query = parameters.filter((parameter) => parameter.in === "query");
  const block = (title: string, schema: unknown) => `${title}\n\n\`\`\`\n${typeOf(schema, "")}\n\`\`\`\n`;
  return [
    `### ${method.toUpperCase()} ${path}\n`,
    `\`${id}\`. ${summary} ${whoMay(access)}\n`,
    ...(query.length > 0
      ? [`Query: ${query.map(({ name, schema }) => `\`${name}\` ${typeOf(schema, "")}`).join("; ")}\n`]
      : []),
    ...(body === undefined ? [] : [block(`Body, at most ${Math.round(bodyLimit / 1024)} KiB:`, body)]),
    result === undefined ? "Answers 204, without content.\n" : block(`Answers ${status}:`, result),
  ].join("\n");
}

interface Described {
  $ref?: string;
  type?: string;
  const?: unknown;
  enum?: unknown[];
  anyOf?: Described[];
  oneOf?: Described[];
  properties?: Record<string, Described>;
  required?: string[];
  additionalProperties?: boolean | Described;
  items?: Described;
  description?: string;
  default?: unknown;
}

/** A JSON Schema as a type, with the fields' descriptions as comments. */
function typeOf(given: unknown, indent: string): string {
  const schema = given as Described;
  // Only z.json() makes an unnamed schema, which refers to itself.
  if (schema.$ref?.includes("__schema")) return "any JSON";
  if (schema.$ref !== undefined) return schema.$ref.split("/").at(-1) as string;
  if (schema.const !== undefined) return JSON.stringify(schema.const);
  if (schema.enum) return schema.enum.map((value) => JSON.stringify(value)).join(" | ");
  const choices = schema.anyOf ?? schema.oneOf;
  if (choices) return choices.map((choice) => typeOf(choice, indent)).join(" | ");
  if (schema.type === "array") {
    const inner = typeOf(schema.items ?? {}, indent);
    return /[|]/.test(inner) && !inner.startsWith("{") ? `(${inner})[]` : `${inner}[]`;
  }
  if (schema.type !== "object") return schema.type ?? "any";
  if (schema.properties === undefined)
    return typeof schema.additionalProperties === "object"
      ? `{ [name]: ${typeOf(schema.additionalProperties, indent)} }`
      : "{}";
  const required = new Set(schema.required);
  const fields = Object.entries(schema.properties).map(([name, field]) => {
    const absent = required.has(name) && field.default === undefined ? "" : "?";
    const standard = field.default === undefined ? "" : `default ${JSON.stringify(field.default)}`;
    const told = [field.description, standard].filter(Boolean).join("; ");
    return `${indent}  ${name}${absent}: ${typeOf(field, `${indent}  `)}${told && `  // ${told}`}\n`;
  });
  return fields.length === 0 ? "{}" : `{\n${fields.join("")}${indent}}`;
}
