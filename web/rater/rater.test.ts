import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { answerProblem, TASK_KINDS, TaskDefinition } from "../../src/votes/tasks/index.js";
import { matched } from "../router.js";
import { completed, draftOf, emptyDraft, rankedAt, ranksOf } from "./answer-draft.js";
import { defaultKeymap, withKey } from "./keymap.js";
import { countWords, paced, startPace } from "./pace.js";
import { afterKey } from "./task-keys.js";
import { wordDiff } from "./word-diff.js";

const text = fc
  .array(fc.constantFrom("a", "bc", " ", "\n", ".", "日", "é"), { maxLength: 40 })
  .map((all) => all.join(""));
const task = fc.record({
  kind: fc.constantFrom(...TASK_KINDS),
  aspects: fc.constantFrom(["overall"], ["helpful", "harmless"]),
  strengths: fc.integer({ min: 1, max: 4 }),
  scale: fc.integer({ min: 2, max: 10 }),
  rationale: fc.constantFrom("off", "optional"),
});
const SHOWN = { pairwise: 2, ranking: 3, likert: 3, demonstration: 0, rewrite: 1, safety: 1 };

describe("answers", () => {
  it("whatever keys are pressed, an answer that counts as whole is one that the server takes", () => {
    fc.assert(
      fc.property(task, fc.infiniteStream(fc.nat(40)), (given, stream) => {
        const definition = TaskDefinition.parse(given);
        const responses = Array.from({ length: SHOWN[definition.kind] }, (_, i) => `r${i}`);
        const actions = Object.keys(defaultKeymap(definition));
        let draft = emptyDraft(definition, responses);
        for (let i = 0; i < 12; i++) {
          const action = actions[stream.next().value % actions.length];
          if (!/^(left|right|pick|tie|both|safe|unsafe)/.test(action)) continue;
          draft = afterKey(action, draft, definition)?.draft ?? draft;
        }
        if (definition.kind === "demonstration" || definition.kind === "rewrite") draft.text = "written";
        const answer = completed(draft, definition, responses[0] ?? "");
        if (typeof answer === "string") return;
        expect(answerProblem(answer, definition, responses.length)).toBeUndefined();
        // Opened to be changed, it is the same answer.
        expect(
          completed(draftOf(answer, emptyDraft(definition, responses)), definition, responses[0] ?? ""),
        ).toEqual(answer);
      }),
    );
  });

  it("one verdict is the whole answer of one aspect, and not of two", () => {
    const one = TaskDefinition.parse({ kind: "pairwise" });
    expect(afterKey("left-3", emptyDraft(one, ["a", "b"]), one)?.submit).toBe(true);
    const two = TaskDefinition.parse({ kind: "pairwise", aspects: ["helpful", "harmless"] });
    expect(afterKey("tie", emptyDraft(two, ["a", "b"]), two)?.submit).toBe(false);
    const reason = TaskDefinition.parse({ kind: "pairwise", rationale: "required" });
    expect(afterKey("tie", emptyDraft(reason, ["a", "b"]), reason)?.submit).toBe(false);
  });

  it("ranks are a race's: ties share one, and the next counts them", () => {
    expect(ranksOf({ ranked: [2, 0, 1, 3], tied: [1] })).toEqual([2, 2, 1, 4]);
    const draft = {
      ...emptyDraft(TaskDefinition.parse({ kind: "ranking" }), ["a", "b", "c"]),
      ranked: [0, 1, 2],
      tied: [1],
    };
    expect(rankedAt(draft, 1, 0)).toMatchObject({ ranked: [1, 0, 2], tied: [] });
    expect(rankedAt(draft, 0, 9)).toMatchObject({ ranked: [1, 2, 0], tied: [] });
  });
});

describe("differences of texts", () => {
  it("lead from one text to the other, and mark nothing in equal ones", () => {
    fc.assert(
      fc.property(text, text, (before, after) => {
        const pieces = wordDiff(before, after);
        const side = (gone: string) =>
          pieces
            .filter(({ what }) => what !== gone)
            .map((piece) => piece.text)
            .join("");
        expect([side("new"), side("gone")]).toEqual([before, after]);
        if (before === after) expect(pieces.every(({ what }) => what === "same")).toBe(true);
      }),
    );
    expect(wordDiff("Cats is nice.", "Cats are nice.").filter(({ what }) => what !== "same")).toEqual([
      { text: "is", what: "gone" },
      { text: "are", what: "new" },
    ]);
  });

  it("of long texts without anything in common are found in a moment", () => {
    const long = (word: string) => Array.from({ length: 20_000 }, (_, i) => `${word}${i}`).join(" ");
    const began = performance.now();
    wordDiff(long("a"), long("b"));
    expect(performance.now() - began).toBeLessThan(5000);
  });
});

describe("keys", () => {
  it("of no task mean two things, and changing one keeps it so", () => {
    fc.assert(
      fc.property(task, fc.nat(100), fc.constantFrom("k", "1", "z", "Enter", "0"), (given, n, key) => {
        const keymap = defaultKeymap(TaskDefinition.parse(given));
        const actions = Object.keys(keymap);
        expect(new Set(Object.values(keymap)).size).toBe(actions.length);
        const changed = withKey(keymap, actions[n % actions.length], key);
        expect(changed[actions[n % actions.length]]).toBe(key);
        expect(new Set(Object.values(changed)).size).toBe(actions.length);
      }),
    );
  });
});

describe("pace", () => {
  const work = (times: readonly number[], words = 100) => {
    let [pace, now, said] = [startPace(0), 0, [] as (string | undefined)[]];
    for (const milliseconds of times) {
      now += milliseconds;
      const step = paced(pace, { words, milliseconds, now });
      pace = step.pace;
      said = [...said, step.say];
    }
    return said;
  };

  it("three of five verdicts that nobody can have read are said, once in a while", () => {
    expect(work([1000, 20_000, 1000, 1000])).toEqual([undefined, undefined, undefined, "too-fast"]);
    expect(work(Array(20).fill(1000)).filter(Boolean)).toHaveLength(2);
    expect(work(Array(20).fill(5000)).filter(Boolean)).toEqual([]);
  });

  it("a break is proposed after 45 minutes without one", () => {
    const minute = 60_000;
    expect(work(Array(46).fill(minute)).indexOf("break")).toBe(44);
    expect(work([...Array(30).fill(minute), 6 * minute, ...Array(30).fill(minute)])).not.toContain("break");
  });

  it("words are counted whatever lies between them", () => {
    expect(countWords(["one two\n three", "", " four "])).toBe(4);
  });
});

it("addresses are matched part by part", () => {
  expect(matched("/p/:project", "/p/x")).toEqual({ project: "x" });
  expect(matched("/p/:project", "/p")).toBeUndefined();
  expect(matched("/desk/:project?/:page?", "/desk/x")).toEqual({ project: "x" });
  expect(matched("/p/:project", "/p/x/y")).toBeUndefined();
  expect(matched("/p/:project", "/p/%E0%A4%A")).toBeUndefined();
});
