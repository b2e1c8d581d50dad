/** The API's document, OpenAPI 3.1, made from the contracts. */
import { z } from "zod";
import { NewItem } from "../feedback/store/index.js";
import { Answer, ItemContent, TaskDefinition } from "../votes/tasks/index.js";
import { Account, SignedIn } from "./contract/accounts.js";
import { ErrorBody } from "./contract/common.js";
import { type Access, type Contract, contracts, takesBody } from "./contract/index.js";
import { Project } from "./contract/projects.js";
import { ShownLease } from "./contract/work.js";
import { cookieName } from "./http/origin.js";

/** An object of JSON, of which nothing more is said. */
export type Json = Record<string, unknown>;

/** A route in an OpenAPI document. */
export interface Operation {
  operationId: string;
  tags: string[];
  summary: string;
  description: string;
  security: Record<string, string[]>[];
  parameters: Json[];
  requestBody?: Json;
  responses: Record<string, Json>;
}

/** An OpenAPI 3.1 document of the server's routes, as far as it is written here. */
export interface OpenApi {
  openapi: "3.1.0";
  info: { title: string; version: string; description: string };
  servers: { url: string }[];
  tags: { name: string }[];
  paths: Record<string, Record<string, Operation>>;
  components: { securitySchemes: Json; schemas: Record<string, Json> };
}

/** Schemas that have their own name in the document. */
const NAMED = {
  Account,
  SignedIn,
  Answer,
  ItemContent,
  TaskDefinition,
  NewItem,
  Project,
  Lease: ShownLease,
  Error: ErrorBody,
};
/** Version of the API, as in its path. */
const VERSION = "1";

const DESCRIPTION =
  "Collecting human feedback: projects, items, votes. People sign in and send the session's cookie, with X-CSRF-Token for every change; programs send Authorization: Bearer with an API key. Errors are {error: {message, field?, hint?, request}}.";

/** @param address where the server is reached: scheme, host and port, and the path below which it lies. */
export function openApi(address: string): OpenApi {
  const { origin, pathname } = new URL(address);
  const schemas: Record<string, Json> = {};
  const paths: OpenApi["paths"] = {};
  for (const contract of contracts)
    paths[contract.path] = { ...paths[contract.path], [contract.method]: operation(contract, schemas) };
  schemas.Error ??= schemaOf(ErrorBody, "output", "Error", schemas);
  return {
    openapi: "3.1.0",
    info: { title: "Plumbline", version: VERSION, description: DESCRIPTION },
    servers: [{ url: `${address}/api/v1` }],
    tags: [...new Set(contracts.map(({ tag }) => tag))].map((name) => ({ name })),
    paths,
    components: {
      securitySchemes: {
        session: {
          type: "apiKey",
          in: "cookie",
          name: cookieName({ origin, base: pathname === "/" ? "" : pathname }),
        },
        csrf: { type: "apiKey", in: "header", name: "X-CSRF-Token" },
        key: { type: "http", scheme: "bearer" },
      },
      schemas,
    },
  };
}

function operation(contract: Contract, schemas: Record<string, Json>): Operation {
  const { id, tag, summary, access, params, query, body, result, status, lines } = contract;
  const given = (schema: z.ZodObject, place: "path" | "query"): Json[] =>
    Object.entries(schema.shape).map(([name, field]) => ({
      name,
      in: place,
      required: place === "path",
      schema: schemaOf(field as z.ZodType, "input", id, schemas),
    }));
  const content = (schema: z.ZodType, io: "input" | "output") => ({
    [lines && io === "output" ? "application/x-ndjson" : "application/json"]: {
      schema: schemaOf(schema, io, id, schemas),
    },
  });
  const success: Json =
    status === 204 ? { description: "Done" } : { description: "Done", content: content(result, "output") };
  const refused = {
    description: "Refused",
    content: { "application/json": { schema: { $ref: "#/components/schemas/Error" } } },
  };
  return {
    operationId: id,
    tags: [tag],
    summary,
    description: whoMay(access),
    security: securityOf(contract),
    parameters: [...given(params, "path"), ...given(query, "query")],
    ...(takesBody(contract) && { requestBody: { required: true, content: content(body, "input") } }),
    responses: { [status]: success, "4XX": refused },
  };
}

/** Who may call a route, in words. */
export function whoMay({ roles, scope, project }: Access): string {
  if (roles === "anyone") return "Anyone.";
  const who = roles.length === 4 ? "Every account" : `Accounts with the role ${roles.join(", ")}`;
  const where = {
    staff: " of the project's staff",
    member: " of the project",
    store: " taking part in the project",
  };
  return `${who}${project ? where[project] : ""}. ${scope === "session" ? "Not with an API key." : `API keys need the scope ${scope}.`}`;
}

function securityOf({ access: { roles, scope }, method }: Contract): Record<string, string[]>[] {
  if (roles === "anyone") return [];
  const session = { session: [], ...(method !== "get" && { csrf: [] }) };
  return scope === "session" ? [session] : [session, { key: [] }];
}

/** A schema as JSON Schema; its shared parts go into `schemas` by name, with the suffix Input for those of requests. */
function schemaOf(
  schema: z.ZodType,
  io: "input" | "output",
  owner: string,
  schemas: Record<string, Json>,
): Json {
  for (const [name, named] of Object.entries(NAMED))
    if (z.globalRegistry.get(named)?.id === undefined)
      z.globalRegistry.add(named, { ...z.globalRegistry.get(named), id: name });
  const made = z.toJSONSchema(schema, { io, unrepresentable: "any", reused: "inline" }) as Json;
  const { $defs = {}, $schema: _version, id: _id, ...rest } = made as Json & { $defs?: Record<string, Json> };
  const suffix = io === "input" ? "Input" : "";
  const nameOf = (local: string) => (local in NAMED ? `${local}${suffix}` : `${owner}${suffix}${local}`);
  const relinked = (value: unknown): unknown => {
    if (Array.isArray(value)) return value.map(relinked);
    if (typeof value !== "object" || value === null) return value;
    return Object.fromEntries(
      Object.entries(value)
        .filter(([key, inner]) => !(key === "id" && typeof inner === "string" && inner in NAMED))
        .map(([key, inner]) =>
          key === "$ref" && typeof inner === "string"
            ? [
                key,
                inner.replace(
                  /^#\/\$defs\/(.+)$/,
                  (_all, local: string) => `#/components/schemas/${nameOf(local)}`,
                ),
              ]
            : [key, relinked(inner)],
        ),
    );
  };
  for (const [local, definition] of Object.entries($defs))
    schemas[nameOf(local)] ??= relinked(definition) as Json;
  return relinked(rest) as Json;
}
