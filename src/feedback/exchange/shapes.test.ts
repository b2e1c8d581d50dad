/** Files of natural shapes (test/import-shapes): each is read right, asked about, or refused; never misread. */
import { mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { SHAPES, type Shape } from "../../../test/import-shapes/index.js";
import { TaskDefinition } from "../../votes/tasks/index.js";
import { checkItems } from "./index.js";

const dir = mkdtempSync(join(tmpdir(), "plumb-shapes-"));

const check = ({ file, text, kind = "pairwise" }: Shape, choices = {}) => {
  const path = join(dir, file);
  writeFileSync(path, text);
  return checkItems(path, TaskDefinition.parse({ kind }), choices);
};

/** The responses in the file's order: datasets store the two sides in an order that is drawn. */
const inFileOrder = (texts: readonly string[], expected: readonly string[]) =>
  [...texts].sort((a, b) => expected.indexOf(a) - expected.indexOf(b));

describe("files of natural shapes", () => {
  it.each(SHAPES.map((shape): [string, Shape] => [`${shape.name} (${shape.file})`, shape]))(
    "%s",
    async (_, shape) => {
      const { asks, reads, refuses } = shape;
      let read = await check(shape);
      if (refuses !== undefined) {
        expect(read.questions).toEqual([]);
        expect(read.problemCount).toBeGreaterThan(0);
        expect(read.problems[0].problem).toMatch(refuses);
      }
      if (asks !== undefined) {
        expect(read.questions).toEqual([{ about: asks.about, columns: asks.columns }]);
        const unclear = read.columns.filter(({ role }) => role === "unclear").map(({ name }) => name);
        expect(new Set(unclear)).toEqual(new Set(asks.columns));
        expect(read.items).toEqual([]);
        read = await check(shape, asks.answer);
      }
      if (reads === undefined) return;
      expect(read.problems).toEqual([]);
      expect(read.questions).toEqual([]);
      const [{ content, gold }] = read.items;
      expect(content.prompt).toEqual(reads.prompt);
      const texts = content.responses.map(({ text }) => text);
      expect(inFileOrder(texts, reads.responses)).toEqual(reads.responses);
      if (reads.sources !== undefined) {
        const order = [...content.responses].sort(
          (a, b) => reads.responses.indexOf(a.text) - reads.responses.indexOf(b.text),
        );
        expect(order.map(({ source }) => source)).toEqual(reads.sources);
      }
      if (reads.items !== undefined) expect(read.items).toHaveLength(reads.items);
      expect(read.votes).toBe(reads.votes ?? 0);
      expect(gold?.kind === "pairwise" ? gold.aspects.overall.verdict : undefined).toBe(reads.gold);
      const roles = Object.fromEntries(read.columns.map(({ name, role }) => [name, role]));
      expect(roles).toMatchObject(reads.columns);
      // Whatever is not named above is never shown.
      const shown = ["prompt", "system", "conversation", "response"];
      for (const [name, role] of Object.entries(roles))
        if (!(name in reads.columns)) expect(shown, `${name}: ${role}`).not.toContain(role);
      if (reads.warns !== undefined) expect(read.warnings.join("\n")).toMatch(reads.warns);
    },
  );

  it("are forty or more", () => {
    expect(SHAPES.length).toBeGreaterThanOrEqual(40);
    expect(new Set(SHAPES.map(({ name }) => name)).size).toBe(SHAPES.length);
  });
});
