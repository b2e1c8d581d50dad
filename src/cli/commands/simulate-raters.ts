import { z } from "zod";
import { simulateRaters } from "../../server/index.js";
import {
  ASSISTANT_VALUES,
  hiddenValues,
  simulatedPoolSchema,
  simulatedRaters,
} from "../../votes/simulate/index.js";
import { defineCommand } from "../command.js";
import { serverClient, serverSettings } from "../server-settings.js";

const schema = simulatedPoolSchema.extend({
  ...serverSettings,
  values: z
    .enum(["hidden", "assistant"])
    .default("hidden")
    .describe(
      "What decides which text is better: a value drawn for each, or the built-in world's utility (its own prompts only)",
    ),
  votesPerRater: z.number().int().min(1).default(100).describe("Most votes of each rater"),
  seed: z.number().int().min(0).max(0xffffffff).default(0).describe("Seed of the random draws"),
});

export default defineCommand({
  description: `Has simulated raters work in a project of a feedback server: each accepts its own invitation, takes items and votes as a person does, all at the same time. For trying out a project, its filters and its aggregation; never run them among people whose votes count. The key needs the scopes write and read.

With --json it prints {"raters":[{"rater":..,"kind":..,"votes":..}]}: which pseudonym is of which kind.`,
  examples: [
    {
      command:
        "PLUMB_KEY=... plumb simulate raters --project p-... --raters 20 --set shares.honest=8 --set shares.malicious=2",
      does: "a fifth of them malicious",
    },
  ],
  schema,
  async run({ ui, signal }, { server, key, project, values, votesPerRater, seed, ...pool }) {
    const lead = serverClient({ server, key });
    const raters = simulatedRaters(pool, values === "hidden" ? hiddenValues(seed) : ASSISTANT_VALUES, seed);
    const progress = ui.progress({ label: "votes", total: raters.length * votesPerRater });
    let votes = 0;
    try {
      const work = await simulateRaters(lead, {
        url: server,
        project,
        raters,
        votesPerRater,
        seed,
        signal,
        onVote: () => progress.update(++votes),
      });
      progress.end();
      await ui.result({ raters: work }, () => `${votes} votes of ${work.length} simulated raters`);
    } finally {
      lead.close();
    }
  },
});
