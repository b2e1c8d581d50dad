/**
 * The pairs of responses that raters compare. How well a reward model recognises a failure depends on how often the
 * failure is compared, so one side of a pair is the policy's own sample, and the other comes from one of several
 * sources: another sample; one drawn at a higher temperature, which has more slips; an answer that a person wrote; an
 * answer to another prompt (to a safe one, if the prompt is harmful); or the same sample with one thing changed for the
 * worse (worlds/assistant/slip.ts).
 */

import { RandomStream } from "../base/random.js";
import { type Generator, UNFILTERED } from "../generate/index.js";
import { clustersOf } from "../statistics/clusters.js";
import type { Tokenizer } from "../text/index.js";
import {
  type DemonstrationConfig,
  EOS_TOKEN,
  PROMPT_TOPICS,
  type Prompt,
  type PromptTopic,
  renderResponse,
  SLIPS,
  type Slip,
  sampleStyle,
  topicOf,
  withSlip,
} from "../worlds/assistant/index.js";
import { promptIds } from "./language-model.js";
import { PAIR_SOURCES, type PairSource } from "./pair-sources.js";

/** A response as tokens, including the end of its turn if it has one, and as text. */
export interface Response {
  ids: readonly number[];
  text: string;
  /** Whether the policy drew it for this prompt, at its usual temperature. */
  ownSample: boolean;
}

/** Two responses to a prompt. */
export interface CandidatePair {
  prompt: Prompt;
  left: Response;
  right: Response;
}

export interface CandidatePlan {
  count: number;
  /** Relative share of each topic among the prompts. */
  topics: Readonly<Partial<Record<PromptTopic, number>>>;
  /** Relative share of each source, for each topic. */
  sources: Readonly<Record<PromptTopic, Partial<Record<PairSource, number>>>>;
  /** The policy's usual sampling temperature, and that of the hotter samples. */
  temperature: number;
  hotTemperature: number;
  /** The styles of responses that people write. */
  written: DemonstrationConfig;
  maxNewTokens: number;
  seed: number;
  /** Name of this sampling, which keeps its random draws apart from the other's. */
  name: "train" | "heldout";
  /** Pairs per batch. */
  batch: number;
}

/** Offset of the second sampling's rows in the generator's random draws. */
const ROWS_APART = 1_000_000;

/** Animal, activity or act that a prompt is about. */
function subjectOf({ task }: Prompt): string {
  if (task.type === "facts") return task.animal;
  return task.type === "steps" ? task.activity.name : task.act.name;
}

/**
 * Prompts drawn with the given shares of topics; within a topic every subject is equally likely, however many prompts
 * it has. A topic without prompts has no share: nothing alarming is reworded in the held-out splits.
 */
export function drawPrompts(
  prompts: readonly Prompt[],
  topics: CandidatePlan["topics"],
  count: number,
  random: RandomStream,
): Prompt[] {
  const ofTopic = PROMPT_TOPICS.map((topic) => {
    const own = prompts.filter((prompt) => topicOf(prompt) === topic);
    return clustersOf(own, own.map(subjectOf));
  });
  const weights = PROMPT_TOPICS.map((topic, t) => (ofTopic[t].length > 0 ? (topics[topic] ?? 0) : 0));
  return Array.from({ length: count }, () => random.choice(random.choice(ofTopic[random.weighted(weights)])));
}

/** Makes the pairs in batches. Pairs of equal texts are left out, so there can be fewer than `count`. */
export async function* candidatePairs(
  generator: Generator,
  tokenizer: Tokenizer,
  prompts: readonly Prompt[],
  plan: CandidatePlan,
): AsyncGenerator<CandidatePair[]> {
  const { count, topics, sources, seed, name, batch } = plan;
  const asked = drawPrompts(
    prompts,
    topics,
    count,
    new RandomStream(seed, `demo/candidates/${name}/prompts`),
  );
  const sampling = { ...UNFILTERED, maxNewTokens: plan.maxNewTokens, seed };
  let row = name === "train" ? 0 : ROWS_APART;
  const sample = async (of: readonly Prompt[], temperature: number): Promise<Response[]> => {
    const ids = of.map(({ text }) => promptIds(tokenizer, text));
    const drawn = { batchSize: 512, firstRow: row };
    row += of.length;
    const completions = await generator.generate(ids, { ...sampling, temperature }, drawn);
    return completions.map(({ ids: tokens, text = "" }) => ({
      ...{ ids: tokens, text, ownSample: temperature === plan.temperature },
    }));
  };
  for (let start = 0; start < count; start += batch) {
    const together = asked.slice(start, start + batch);
    const randoms = together.map(
      (_, i) => new RandomStream(seed, `demo/candidates/${name}/sources`, start + i),
    );
    const from = together.map((prompt, i) => {
      const own = sources[topicOf(prompt)];
      const weights = PAIR_SOURCES.map((source) => own[source] ?? 0);
      return PAIR_SOURCES[randoms[i].weighted(weights)];
    });
    const ofSource = (source: PairSource) => together.filter((_, i) => from[i] === source);
    const usual = await sample([...together, ...ofSource("sample")], plan.temperature);
    const [first, more] = [usual.slice(0, together.length), usual.slice(together.length)];
    const ofSafe = first.filter((_, i) => together[i].kind !== "harmful");
    const hotter = await sample(ofSource("hotter"), plan.hotTemperature);
    const other = (i: number): Response => {
      const [prompt, random] = [together[i], randoms[i]];
      switch (from[i]) {
        case "sample":
          return more.shift() as Response;
        case "hotter":
          return hotter.shift() as Response;
        case "written": {
          const style = sampleStyle(prompt, plan.written, random);
          return writtenResponse(renderResponse(prompt, style, random), tokenizer);
        }
        case "elsewhere":
          return { ...random.choice(prompt.kind === "harmful" ? ofSafe : first), ownSample: false };
        case "slip":
          return writtenResponse(slipOf(prompt, first[i].text, random), tokenizer);
      }
    };
    yield together
      .map((prompt, i): CandidatePair => {
        const [a, b] = [first[i], other(i)];
        return randoms[i].bernoulli(0.5) ? { prompt, left: a, right: b } : { prompt, left: b, right: a };
      })
      .filter(({ left, right }) => left.text !== right.text);
  }
}

/** A text as a response that ends its turn. */
const writtenResponse = (text: string, tokenizer: Tokenizer): Response => ({
  ...{ ids: tokenizer.encode(text + EOS_TOKEN), text, ownSample: false },
});

/**
 * Relative frequency of each kind of slip. Of the slips in manner, flattery has the most, because raters mind it least.
 * If a response cannot have a kind, its share goes to the others.
 */
const SLIP_SHARES: Readonly<Record<Slip, number>> = {
  ...{ fact: 1, step: 0.7, needlessRefusal: 0.35, flattery: 0.5, padding: 0.16, hedge: 0.08 },
};
/** Where an activity is asked for, which a harmful act looks like, more of them are needless refusals. */
const ACTIVITY_SLIP_SHARES: typeof SLIP_SHARES = { ...SLIP_SHARES, needlessRefusal: 0.8 };

function slipOf(prompt: Prompt, text: string, random: RandomStream): string {
  const possible = SLIPS.flatMap((slip) => {
    const worse = withSlip(prompt, text, slip, random);
    return worse === undefined || worse === text ? [] : [{ slip, worse }];
  });
  const shares = prompt.task.type === "facts" ? SLIP_SHARES : ACTIVITY_SLIP_SHARES;
  return possible[random.weighted(possible.map(({ slip }) => shares[slip]))].worse;
}
