/** Demonstrations of mixed quality for supervised fine-tuning, so that the policy starts at medium quality. */
import { RandomStream } from "../../base/random.js";
import { DEFAULT_WORLD, type DemonstrationConfig } from "./config.js";
import { PROMPT_KINDS, type Prompt, prompts, topicOf } from "./prompts.js";
import { CONTENTS, MANNERS, renderResponse, type Style } from "./render.js";

/** A prompt and an answer written for it, as supervised fine-tuning reads them. */
export interface Demonstration {
  prompt: Prompt;
  completion: string;
  /** How it was written. For statistics only: the gold utility reads the text. */
  style: Style;
}

/** A style drawn with the configured shares for the prompt's kind. */
export function sampleStyle(prompt: Prompt, config: DemonstrationConfig, random: RandomStream): Style {
  const contentShares: Partial<Record<Style["content"], number>> = config[prompt.kind];
  return {
    content: CONTENTS[random.weighted(CONTENTS.map((content) => contentShares[content] ?? 0))],
    manner: MANNERS[random.weighted(MANNERS.map((manner) => config.manners[manner] ?? 0))],
  };
}

/**
 * `n` demonstrations on training prompts; half of those on benign prompts are on facts. The i-th depends only on the
 * seed and i.
 */
export function demonstrations(
  seed: number,
  n: number,
  config: DemonstrationConfig = DEFAULT_WORLD.demonstrations,
): Demonstration[] {
  const kindShares = PROMPT_KINDS.map((kind) => config.kinds[kind] ?? 0);
  const asked = prompts("train");
  const pools = PROMPT_KINDS.map((kind) => {
    const own = asked.filter((p) => p.kind === kind);
    const facts = own.filter((p) => topicOf(p) === "facts");
    return kind === "benign" ? [facts, own.filter((p) => topicOf(p) !== "facts")] : [own];
  });
  return Array.from({ length: n }, (_, i) => {
    const random = new RandomStream(seed, "worlds/assistant/demonstrations", i);
    const prompt = random.choice(random.choice(pools[random.weighted(kindShares)]));
    const style = sampleStyle(prompt, config, random);
    return { prompt, style, completion: renderResponse(prompt, style, random) };
  });
}
