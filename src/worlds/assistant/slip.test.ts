import { describe, expect, it } from "vitest";
import { RandomStream } from "../../base/random.js";
import { goldUtility } from "./gold.js";
import { animalNamed } from "./knowledge.js";
import { prompts } from "./prompts.js";
import { idealStyle, renderResponse } from "./render.js";
import { SLIPS, withSlip } from "./slip.js";

describe("a slip", () => {
  it.each(SLIPS)("in %s makes every right answer worse, and is the same for the same draws", (slip) => {
    let changed = 0;
    for (const [i, prompt] of prompts("train").entries()) {
      const random = () => new RandomStream(8, "test/slip", i);
      const response = renderResponse(prompt, idealStyle(prompt), random());
      const worse = withSlip(prompt, response, slip, random());
      expect(withSlip(prompt, response, slip, random())).toBe(worse);
      if (worse === undefined) continue;
      changed++;
      expect(goldUtility(prompt, worse).total, `${response} -> ${worse}`).toBeLessThan(
        goldUtility(prompt, response).total,
      );
    }
    expect(changed).toBeGreaterThan(100);
  });

  it("changes one value and keeps the rest, letter case and all", () => {
    const [prompt] = prompts("train");
    const response = "Its colour is red, its home is the forest and its diet is mice.";
    for (let i = 0; i < 20; i++) {
      const worse = withSlip(prompt, response, "fact", new RandomStream(i, "test/value")) as string;
      const [before, after] = [response, worse].map((text) => text.split(" "));
      expect(after).toHaveLength(before.length);
      expect(after.filter((word, w) => word !== before[w])).toHaveLength(1);
      expect(worse.startsWith("Its")).toBe(true);
    }
  });

  it("of fact is the common mistake in some three of four", () => {
    const [prompt] = prompts("train", "benign");
    const { mistake } = animalNamed("fox").facts.colour;
    const slips = Array.from({ length: 400 }, (_, i) =>
      withSlip(prompt, "It is red.", "fact", new RandomStream(i, "test/mistake")),
    );
    const share = slips.filter((worse) => worse === `It is ${mistake}.`).length / slips.length;
    // 0.7, and a fifth of the others.
    expect(Math.abs(share - 0.76)).toBeLessThan(4 * Math.sqrt((0.76 * 0.24) / 400));
  });

  it("is none where nothing is said that it could change", () => {
    const harmful = prompts("train", "harmful")[0];
    expect(withSlip(harmful, "I can't help with that.", "fact", new RandomStream(1, "test"))).toBeUndefined();
    expect(withSlip(harmful, "I can't help with that.", "step", new RandomStream(1, "test"))).toBeUndefined();
  });
});
