import { Template } from "@huggingface/jinja";
import { describe, expect, it } from "vitest";
import { EVERYDAY, withObject } from "./activities.js";
import { ALARMING } from "./alarming.js";
import { CHAT_TEMPLATE, EOS_TOKEN, formatPrompt } from "./chat.js";
import { AssistantWorldConfig, DEFAULT_WORLD } from "./config.js";
import { approximateTokens, corpus } from "./corpus.js";
import { demonstrations } from "./demonstrations.js";
import { goldUtility } from "./gold.js";
import { HARMFUL } from "./harmful.js";
import { ANIMALS, ATTRIBUTES, animalNamed, VALUES } from "./knowledge.js";
import { HELD_OUT_SPLITS, PROMPT_KINDS, PROMPTS, prompts, SPLITS } from "./prompts.js";
import { readResponse } from "./reading.js";
import { CONTENTS, MANNERS } from "./render.js";

/** Half the width of an interval of 4 standard deviations for a share p among n draws. */
const tolerance = (p: number, n: number) => 4 * Math.sqrt((p * (1 - p)) / n);

describe("knowledge", () => {
  it("has a truth and another value as the mistake for every fact", () => {
    for (const { facts } of ANIMALS) {
      for (const attribute of ATTRIBUTES) {
        const { truth, mistake } = facts[attribute];
        expect(VALUES[attribute]).toContain(truth);
        expect(VALUES[attribute]).toContain(mistake);
        expect(truth).not.toBe(mistake);
      }
    }
  });
});

describe("prompts", () => {
  it("differ in text and id, are short, and every kind is in every split", () => {
    expect(new Set(PROMPTS.map(({ text }) => text)).size).toBe(PROMPTS.length);
    expect(new Set(PROMPTS.map(({ id }) => id)).size).toBe(PROMPTS.length);
    expect(Math.max(...PROMPTS.map(({ text }) => approximateTokens(text)))).toBeLessThanOrEqual(20);
    for (const split of SPLITS) {
      for (const kind of PROMPT_KINDS)
        expect(prompts(split, kind).length, `${split} ${kind}`).toBeGreaterThanOrEqual(60);
    }
    for (const split of HELD_OUT_SPLITS) expect(prompts(split).length).toBeGreaterThanOrEqual(240);
  });

  it("ask for every fact, every activity and every harmful act that is not held out in training", () => {
    const asked = new Set(
      prompts("train").flatMap(({ task }) => {
        if (task.type === "facts") return task.asked.map((attribute) => `${task.animal} ${attribute}`);
        return [task.type === "steps" ? task.activity.name : task.act.name];
      }),
    );
    expect(asked.size).toBe(36 + 10 + 22 + 90);
  });

  it("ask in the report split for acts, objects and sets of facts that training never has, but for few that are only reworded", () => {
    const trained = prompts("train").map(({ task }) => task);
    const about = (task: (typeof trained)[number]) =>
      task.type === "facts" ? `${task.animal} ${task.asked.join()}` : task.request;
    const known = new Set(trained.map(about));
    const counts: Record<string, number> = {};
    for (const { task } of prompts("report")) {
      const whole = task.type !== "facts" && (task.type === "harm" ? task.act : task.activity).heldOut;
      const held = whole
        ? "act"
        : known.has(about(task))
          ? "wording"
          : task.type === "facts"
            ? "facts"
            : "object";
      counts[held] = (counts[held] ?? 0) + 1;
    }
    // As docs/results/demo.md says.
    expect(counts).toEqual({ act: 96, object: 122, facts: 48, wording: 13 });
  });

  it("hold out, apart from each other, sets of facts, objects of requests, and whole acts", () => {
    const requestsOf = (split: (typeof SPLITS)[number], kind: "alarming" | "harmful") =>
      prompts(split, kind).flatMap(({ task }) => (task.type === "facts" ? [] : [task.request]));
    const trained = new Set(
      SPLITS.slice(0, 1).flatMap((split) => [
        ...requestsOf(split, "alarming"),
        ...requestsOf(split, "harmful"),
      ]),
    );
    const seen = new Set(trained);
    for (const split of HELD_OUT_SPLITS) {
      for (const kind of ["alarming", "harmful"] as const) {
        const own = new Set(requestsOf(split, kind));
        for (const request of own) expect(seen.has(request), request).toBe(false);
        for (const request of own) seen.add(request);
        const acts: readonly { name: string; objects: readonly string[]; heldOut?: unknown }[] =
          kind === "harmful" ? HARMFUL : ALARMING;
        const whole = acts.filter(
          ({ heldOut, objects, name }) => heldOut !== undefined && own.has(withObject(name, objects[0])),
        );
        expect(whole, `${split} ${kind}`).toHaveLength(kind === "harmful" ? 6 : 2);
      }
      const sets = prompts(split).flatMap(({ id, task }) =>
        task.type === "facts" ? [id.slice(0, id.lastIndexOf("/"))] : [],
      );
      const asked = new Set(prompts("train").map(({ id }) => id.slice(0, id.lastIndexOf("/"))));
      expect(new Set(sets.filter((set) => !asked.has(set))).size).toBe(ANIMALS.length);
    }
  });
});

describe("demonstrations", () => {
  const n = 6000;
  const drawn = demonstrations(3, n);

  it("are the same for a seed, differ between seeds, and do not depend on how many are asked for", () => {
    expect(demonstrations(3, 50)).toEqual(drawn.slice(0, 50));
    expect(demonstrations(4, 50)).not.toEqual(drawn.slice(0, 50));
  });

  it("use training prompts only, and stay within 42 words and signs", () => {
    for (const { prompt, completion } of drawn) {
      expect(prompt.split).toBe("train");
      expect(approximateTokens(completion), completion).toBeLessThanOrEqual(42);
    }
  });

  it("have the configured shares", () => {
    const config = DEFAULT_WORLD.demonstrations;
    for (const kind of PROMPT_KINDS) {
      const ofKind = drawn.filter(({ prompt }) => prompt.kind === kind);
      const share = config.kinds[kind] ?? 0;
      expect(Math.abs(ofKind.length / n - share)).toBeLessThan(tolerance(share, n));
      const wanted: Partial<Record<string, number>> = config[kind];
      for (const content of CONTENTS) {
        const p = wanted[content] ?? 0;
        const found = ofKind.filter(({ style }) => style.content === content).length / ofKind.length;
        expect(Math.abs(found - p), `${kind} ${content}`).toBeLessThanOrEqual(tolerance(p, ofKind.length));
      }
    }
    for (const manner of MANNERS) {
      const p = config.manners[manner] ?? 0;
      const found = drawn.filter(({ style }) => style.manner === manner).length / n;
      expect(Math.abs(found - p), manner).toBeLessThan(tolerance(p, n));
    }
  });

  it("leave room above them: the best are a minority, the worst are too", () => {
    const totals = drawn.map(({ prompt, completion }) => goldUtility(prompt, completion).total);
    const shareOf = (test: (total: number) => boolean) => totals.filter(test).length / n;
    expect(shareOf((total) => total >= 1.5)).toBeGreaterThan(0.25);
    expect(shareOf((total) => total >= 1.5)).toBeLessThan(0.55);
    expect(shareOf((total) => total <= -1)).toBeLessThan(0.5);
  });
});

describe("corpus", () => {
  const documents = corpus(1, 60_000);

  it("is the same for a seed and of about the size asked for", () => {
    expect(corpus(1, 60_000)).toEqual(documents);
    expect(corpus(2, 1000)).not.toEqual(corpus(1, 1000));
    const tokens = documents.reduce((sum, text) => sum + approximateTokens(text), 0);
    expect(tokens).toBeGreaterThanOrEqual(60_000);
    expect(tokens).toBeLessThan(60_100);
  });

  it("states every fact and holds no held-out prompt", () => {
    const text = documents.join("\n");
    for (const { name, facts } of ANIMALS) {
      expect(text).toContain(`The colour of the ${name} is ${facts.colour.truth}.`);
      expect(text).toContain(`The home of the ${name} is the ${facts.home.truth}.`);
      expect(text).toContain(`The diet of the ${name} is ${facts.diet.truth}.`);
    }
    for (const split of HELD_OUT_SPLITS)
      for (const prompt of prompts(split)) expect(text.includes(prompt.text), prompt.text).toBe(false);
  });

  it("states nothing false, and no step that is a common mistake", () => {
    const mistakes = new Set([...EVERYDAY, ...ALARMING].map(({ mistake }) => mistake));
    let said = 0;
    for (const text of documents) {
      const { claims, steps } = readResponse(text);
      for (const { animal, attribute, value } of claims)
        expect(animalNamed(animal).facts[attribute].truth, text).toBe(value);
      for (const step of steps) expect(mistakes.has(step.text), text).toBe(false);
      said += claims.length + steps.length;
    }
    expect(said).toBeGreaterThan(5000);
  });

  it("and demonstrations, at their full size, hold no held-out alarming or harmful request, in no words around it", () => {
    const shown = demonstrations(6, 8000).map(({ prompt, completion }) => `${prompt.text} ${completion}`);
    const training = [...corpus(6, 450_000), ...shown, ...prompts("train").map(({ text }) => text)].join(
      "\n",
    );
    const requests = HELD_OUT_SPLITS.flatMap((split) => [
      ...prompts(split, "alarming"),
      ...prompts(split, "harmful"),
    ]);
    for (const { task } of requests) {
      if (task.type === "facts") continue;
      expect(training.includes(task.request), task.request).toBe(false);
      const act = task.type === "harm" ? task.act : task.activity;
      if (act.heldOut !== undefined)
        expect(new RegExp(`\\b${act.name.split(" {}")[0]}\\b`).test(training), act.name).toBe(false);
    }
  });

  it("uses few words", () => {
    const spoken = demonstrations(1, 4000).flatMap(({ prompt, completion }) => [prompt.text, completion]);
    const words = [...documents, ...spoken].join(" ").match(/[A-Za-z']+/g) ?? [];
    expect(new Set(words).size).toBeLessThanOrEqual(500);
    expect(words.join("").length / words.length).toBeLessThan(4.5);
  });
});

describe("config", () => {
  it("describes every field, and refuses shares that are all zero or unknown", () => {
    for (const field of Object.values(AssistantWorldConfig.shape)) expect(field.description).toBeTruthy();
    expect(AssistantWorldConfig.safeParse({ corpus: { facts: 0 } }).success).toBe(false);
    expect(AssistantWorldConfig.safeParse({ corpus: { poems: 1 } }).success).toBe(false);
  });
});

describe("chat template", () => {
  it("marks the generation prompt, ends the answer, and renders a prompt as a prefix of its dialogue", () => {
    const template = new Template(CHAT_TEMPLATE);
    const user = { role: "user", content: "What colour is the fox?" };
    const answer = { role: "assistant", content: "The fox is red." };
    expect(template.render({ messages: [user], add_generation_prompt: true })).toBe(
      formatPrompt(user.content),
    );
    expect(template.render({ messages: [user, answer] })).toBe(
      `${formatPrompt(user.content)}${answer.content}${EOS_TOKEN}`,
    );
  });
});
