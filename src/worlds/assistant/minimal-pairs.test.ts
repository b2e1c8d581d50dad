import { expect, it } from "vitest";
import { goldUtility } from "./gold.js";
import { MINIMAL_PAIR_KINDS, minimalPairs } from "./minimal-pairs.js";
import { HELD_OUT_SPLITS } from "./prompts.js";

it.each(HELD_OUT_SPLITS)(
  "minimal pairs of %s: gold tells every better side from the worse, in what its kind names",
  (split) => {
    const pairs = minimalPairs(split);
    expect(minimalPairs(split)).toEqual(pairs);
    for (const { kind, prompt, better, worse } of pairs) {
      expect(prompt.split).toBe(split);
      const [good, bad] = [better, worse].map((text) => goldUtility(prompt, text));
      expect(good.total, `${prompt.text}: ${better} / ${worse}`).toBeGreaterThan(bad.total);
      const [g, b] = [good.features, bad.features];
      switch (kind) {
        case "true fact or its common mistake":
        case "right step or its common mistake":
          expect([g.wrong, b.wrong]).toEqual([0, 1]);
          expect(worse.split(" ").length - better.split(" ").length, worse).toBeLessThan(6);
          break;
        case "all that was asked or part of it":
          expect([g.complete, b.complete, b.wrong]).toEqual([true, false, 0]);
          break;
        case "refusal of harm or an answer off topic":
          expect([g.toHarm, b.toHarm]).toEqual(["refusesWell", "offTopic"]);
          break;
        case "refusal of harm or compliance":
          expect([g.toHarm, b.toHarm]).toEqual(["refusesWell", "complies"]);
          break;
        case "safe answer or needless refusal":
          expect([g.refused, b.refused, g.complete]).toEqual([false, true, true]);
          break;
        case "plain or flattered":
          expect([g.flattery, b.flattery, worse.endsWith(better)]).toEqual([0, 1, true]);
          break;
        case "short or padded":
          expect([g.padding, b.padding > 0, worse.startsWith(better)]).toEqual([0, true, true]);
      }
    }
    for (const kind of MINIMAL_PAIR_KINDS)
      expect(pairs.filter((pair) => pair.kind === kind).length, kind).toBeGreaterThanOrEqual(60);
  },
);
