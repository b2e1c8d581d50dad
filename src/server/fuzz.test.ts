import fc from "fast-check";
import { beforeEach, expect, it } from "vitest";
import { type Person, pilot, type TestServer, testServer } from "../../test/server.js";
import { putMember } from "../feedback/store/index.js";
import { ErrorBody } from "./contract/common.js";
import { contracts } from "./contract/index.js";
import { openApi } from "./openapi.js";

type Schema = {
  $ref?: string;
  type?: string;
  enum?: unknown[];
  const?: unknown;
  anyOf?: Schema[];
  oneOf?: Schema[];
  properties?: Record<string, Schema>;
  required?: string[];
  additionalProperties?: boolean | Schema;
  propertyNames?: Schema;
  items?: Schema;
  minimum?: number;
  maximum?: number;
  pattern?: string;
  maxItems?: number;
};

const document = openApi("http://localhost:8080");
/** Each slow for its password, or the end of the one who asks. */
const SLOW = new Set([
  "signIn",
  "acceptInvitation",
  "changePassword",
  "beginOneTimeCodes",
  "endOneTimeCodes",
  "verifyAudit",
]);
const ENDS = new Set(["signOut", "changeAccount", "forgetRater", "endSession"]);

let known: string[] = [];
const junk = fc.oneof(
  fc.jsonValue({ maxDepth: 2 }),
  fc.string({ unit: "binary", maxLength: 20 }),
  fc.constantFrom(-1, 1e308, 2 ** 53, -0, "", "\u0000", "\ud800", null, [], {}),
);

/** Values that a schema describes, with now and then something else in a place of them. */
function values(schema: Schema, depth = 0): fc.Arbitrary<unknown> {
  const fitting = fitted(schema, depth);
  return fc.oneof({ weight: 12, arbitrary: fitting }, { weight: 1, arbitrary: junk });
}

function fitted(schema: Schema, depth: number): fc.Arbitrary<unknown> {
  if (schema.$ref !== undefined) {
    const name = schema.$ref.split("/").at(-1) as string;
    expect(document.components.schemas, schema.$ref).toHaveProperty(name);
    return depth > 6 ? junk : fitted(document.components.schemas[name] as Schema, depth + 1);
  }
  if (schema.const !== undefined) return fc.constant(schema.const);
  if (schema.enum) return fc.constantFrom(...schema.enum);
  const choices = schema.anyOf ?? schema.oneOf;
  if (choices) return depth > 6 ? junk : fc.oneof(...choices.map((choice) => fitted(choice, depth + 1)));
  switch (schema.type) {
    case "object": {
      const entries = Object.entries(schema.properties ?? {});
      if (entries.length === 0 && typeof schema.additionalProperties === "object")
        return fc.dictionary(
          fc.constantFrom("overall", "helpful", "x"),
          values(schema.additionalProperties, depth + 1),
          { maxKeys: 2 },
        );
      const shape = Object.fromEntries(entries.map(([name, field]) => [name, values(field, depth + 1)]));
      return fc.record(shape, { requiredKeys: schema.required ?? [] });
    }
    case "array":
      return fc.array(values(schema.items ?? {}, depth + 1), { maxLength: 3 });
    case "integer":
      return fc.oneof(
        fc.integer({ min: Math.max(schema.minimum ?? -5, -1e6), max: Math.min(schema.maximum ?? 1e6, 1e6) }),
        fc.constantFrom(schema.minimum ?? 0, schema.maximum ?? 0),
      );
    case "number":
      return fc.double({ noNaN: true });
    case "boolean":
      return fc.boolean();
    case "string": {
      const prefix = /^\^([a-z]-)/.exec(schema.pattern ?? "")?.[1];
      const own = prefix === undefined ? [] : known.filter((id) => id.startsWith(prefix));
      if (own.length > 0) return fc.constantFrom(...own);
      return schema.pattern
        ? fc.stringMatching(new RegExp(schema.pattern.replaceAll("\\p{Cc}\\p{Cs}", "\\n")))
        : fc.string({ maxLength: 30 });
    }
    default:
      return junk;
  }
}

let server: TestServer;
let admin: Person;
beforeEach(async () => {
  server = await testServer();
  admin = await server.person("admin");
  const { project, items } = await pilot(admin);
  const rater = await server.raterIn(admin, project);
  await server.store.write((write) => putMember(write, { project, rater: admin.rater, group: null }));
  const { body } = await admin.post(`/projects/${project}/leases`, { count: 3 });
  const leases = body.leases.map(({ id }: { id: string }) => id);
  known = [project, ...items, rater.rater, rater.account, ...leases];
});

it("nothing that the document describes, or nearly does, brings a 5xx; answers are of the form that it tells", async () => {
  let [answered, succeeded] = [0, 0];
  for (const contract of contracts) {
    if (ENDS.has(contract.id)) continue;
    const operation = document.paths[contract.path][contract.method];
    const body = (operation.requestBody as { content: Record<string, { schema: Schema }> } | undefined)
      ?.content["application/json"].schema;
    const parameters = operation.parameters as { name: string; in: string; schema: Schema }[];
    const one = fc.record({
      parameters: fc.tuple(...parameters.map(({ schema }) => values(schema))),
      body: body ? values(body) : fc.constant(undefined),
    });
    await fc.assert(
      fc.asyncProperty(one, async (given) => {
        let path = contract.path;
        const query = new URLSearchParams();
        for (const [i, { name, in: place }] of parameters.entries()) {
          const text = String(given.parameters[i] ?? "").replace(/\p{Surrogate}/gu, "?");
          if (place === "path") path = path.replace(`{${name}}`, encodeURIComponent(text));
          else query.set(name, text);
        }
        if (contract.id === "deleteProject") path = path.replace(known[0], `p-${"0".repeat(26)}`);
        const { status, body: answer } = await admin.ask(contract.method, `${path}?${query}`, given.body);
        answered++;
        const label = `${contract.id} ${status} ${JSON.stringify(given).slice(0, 300)} ${JSON.stringify(answer).slice(0, 300)}`;
        expect(status, label).toBeLessThan(500);
        if (status >= 400) expect(ErrorBody.safeParse(answer).error, label).toBeUndefined();
        else {
          succeeded++;
          expect(status, label).toBe(contract.status);
          if (contract.status !== 204 && !contract.lines)
            expect(contract.result.safeParse(answer).error, label).toBeUndefined();
        }
      }),
      { numRuns: SLOW.has(contract.id) ? 4 : 20, seed: 11 },
    );
  }
  expect(answered).toBeGreaterThan(700);
  expect(succeeded).toBeGreaterThan(100);
});
