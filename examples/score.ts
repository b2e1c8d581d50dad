/** Scores answers with a saved reward model: a folder that `plumb reward` wrote, given as the argument. */
import { encodePreference, loadPreferences } from "plumbline/data";
import { openRewardModel, sequenceScores } from "plumbline/model";
import { createRuntime } from "plumbline/open";
import { dataFile } from "./data-file.js";
import { tinyRewardModel } from "./tiny-model.js";

const runtime = createRuntime();
const { runner, tokenizer, mean, std, maxLength } = await openRewardModel(
  runtime,
  process.argv[2] ?? (await tinyRewardModel()),
);
const rows = await loadPreferences(dataFile("preferences.jsonl"));
// Each text is cut at its beginning to what the model was trained to read; the reward is read at its last token.
const sequences = rows.map((row) => {
  const ids = encodePreference(tokenizer, row).chosen.slice(-maxLength);
  return { ids, lossMask: ids.map(() => true) };
});
const raw = await sequenceScores(runner, sequences, { rows: 8, padId: runner.config.padId ?? 0 });
for (const [i, score] of raw.entries())
  console.log(`${((score - mean) / std).toFixed(2)}  ${String(rows[i]?.chosen)}`);
