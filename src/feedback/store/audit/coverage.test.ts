/** The list of what the log covers is that of the tables as they are, and hashes say what they should. */
import { createHash } from "node:crypto";
import { expect, it } from "vitest";
import { onBothEngines } from "../../../../test/databases.js";
import { COVERAGE, rowHash as hashOf, rowKey as keyOf, PARTS, type PartName } from "./coverage.js";

const part = (name: PartName) => PARTS.find((one) => one.name === name) as (typeof PARTS)[number];
const rowHash = (name: PartName, row: Record<string, unknown>) => hashOf(part(name), row);
const rowKey = (name: PartName, row: Record<string, unknown>) => keyOf(part(name), row);

onBothEngines(({ store: open }) => {
  it("decides every table and every column of the database, and no other", async () => {
    const store = await open();
    const tables = await store.db.introspection.getTables();
    const decided = Object.entries(COVERAGE).map(([name, table]) => [
      name,
      "columns" in table ? Object.keys(table.columns).sort() : "out",
    ]);
    const present = tables
      .filter(({ name }) => !name.startsWith("sqlite_"))
      .map(({ name, columns }) => {
        const covered = PARTS.some(({ table }) => table === name);
        return [name, covered ? columns.map((column) => column.name).sort() : "out"];
      });
    expect(decided.sort()).toEqual(present.sort());
  });
});

it("says why what is left out is left out, and covers every key", () => {
  for (const table of Object.values(COVERAGE)) {
    if ("out" in table) expect(table.out.length).toBeGreaterThan(20);
    else
      for (const decision of Object.values(table.columns))
        if (typeof decision === "object") expect(decision.out.length).toBeGreaterThan(20);
  }
  for (const { key, columns } of PARTS) expect(columns).toEqual(expect.arrayContaining([...key]));
});

it("a row's hash is of its covered values, by name, without those that are null", () => {
  const row = { project_id: "p-1", account_id: "u-1", created_at: 5 };
  const text = '["staff",{"account_id":"u-1","created_at":5,"project_id":"p-1"}]';
  const expected = createHash("sha256").update(text).digest("hex").slice(0, 32);
  expect(rowHash("staff", row)).toBe(expected);
  expect(rowKey("staff", row)).toBe("p-1 u-1");
  expect(rowHash("staff", { ...row, later: null, other: 3 })).toBe(expected);
  expect(rowHash("staff", { ...row, created_at: 6 })).not.toBe(expected);
  const item = { id: "i", position: 1, content_json: "{}", gold_json: null };
  expect(rowHash("items", item)).toBe(rowHash("items", { ...item, content_json: "other" }));
  expect(rowHash("items.contents", item)).toBe(rowHash("items.contents", { ...item, position: 2 }));
  expect(rowHash("items.contents", item)).not.toBe(rowHash("items.contents", { ...item, gold_json: "{}" }));
  expect(rowHash("raters", { id: "r", state: "x", languages_json: null })).toBe(
    rowHash("raters", { id: "r", state: "x" }),
  );
  // A row is not another table's, though it has the same values.
  expect(rowHash("api_keys", { id: "x" })).not.toBe(rowHash("invitations", { id: "x" }));
});
