const SAMPLING = ["src/generate/sampling.test.ts", "src/generate/request.test.ts"];
const TESTS = [...SAMPLING, "src/generate/kv-cache.test.ts", "src/generate/generator.test.ts", "src/generate/engine.test.ts"];

export const generate = [
  {
    file: "src/generate/sampling.ts",
    tests: SAMPLING,
    mutations: [
      ["logits are multiplied by the temperature", "1 : 1 / temperature", "1 : temperature"],
      ["repeated tokens become likelier", "? 1 / repetitionPenalty : repetitionPenalty", "? repetitionPenalty : 1 / repetitionPenalty"],
      ["the penalty divides negative logits too", "? 1 / repetitionPenalty : repetitionPenalty", "? 1 / repetitionPenalty : 1 / repetitionPenalty"],
      ["top-k keeps one more", "candidates.slice(0, topK)", "candidates.slice(0, topK + 1)"],
      ["top-p keeps one less", "candidates.slice(0, enough + 1)", "candidates.slice(0, Math.max(1, enough))"],
      ["top-p counts the mass of all", "topP * candidates.reduce((sum, i) => sum + Math.exp(scores[i] - logNormalizer), 0)", "topP"],
      ["top-p exceeds p where p is just reached", ">= wanted", "> wanted"],
      ["of equal tokens the last are kept", "|| a - b", "|| b - a"],
      ["min-p is ignored", "if (minP > 0)", "if (minP > 1)"],
      ["min-p is a difference of logits", "top + Math.log(minP)", "top - minP"],
      ["the log-probability is that of the likeliest", "logProb: scores[token] - logNormalizer", "logProb: scores[best] - logNormalizer"],
      ["of equal logits the last is taken", "if (scores[i] > scores[best]) best = i", "if (scores[i] >= scores[best]) best = i"],
      ["a penalty alone does not reach the host", "c.minP > 0 || c.repetitionPenalty !== 1", "c.minP > 0"],
    ],
  },
  {
    file: "src/generate/request.ts",
    tests: TESTS,
    mutations: [
      ["all rows draw the same numbers", '"generate/sample", options.row', '"generate/sample", 0'],
      ["the seed is ignored", "new RandomStream(sampling.seed", "new RandomStream(0"],
      ["the program multiplies by the temperature", "1 / sampling.temperature : 1", "sampling.temperature : 1"],
      ["a completion is one token longer", ">= sampling.maxNewTokens", "> sampling.maxNewTokens"],
      ["a stop string stays in the text", "text.slice(0, stop)", "text"],
      ["the last of several stop strings counts", "Math.min(...found)", "Math.max(...found)"],
      ["the end of a sequence says length", 'completion.finishReason = "stop"', 'completion.finishReason = "length"'],
      ["special tokens are written out", "const text = tokenizer.decode(this.completion.ids, { skipSpecialTokens: true });\n        const", "const text = tokenizer.decode(this.completion.ids);\n        const"],
      ["the penalty does not see the prompt", "this.seen = new Set(prompt)", "this.seen = new Set()"],
      ["the penalty does not see the completion", "this.seen?.add(token);", ""],
      ["NaN is passed on", "if (Number.isNaN(logProb))", "if (false)"],
      ["a request needs one position less", "this.sampling.maxNewTokens - 1", "this.sampling.maxNewTokens - 2"],
    ],
  },
  {
    file: "src/generate/kv-cache.ts",
    tests: TESTS,
    mutations: [
      ["values are not counted as memory", "layers * 2 * config.kvHeads", "layers * config.kvHeads"],
      ["what steps wrote counts as a prompt", "Math.min(limit, this.prefilled[row])", "limit"],
      ["the first head only is copied", "count: kvHeads", "count: 1"],
      ["a copy is one position short", "length = positions * headDim", "length = (positions - 1) * headDim"],
      ["a shared beginning is one longer", "return n;", "return n + 1;"],
      ["forgotten rows are remembered", "this.truncate(row, 0)", "this.truncate(row, 1)"],
    ],
  },
  {
    file: "src/generate/engine.ts",
    tests: TESTS,
    mutations: [
      ["trained weights' old keys are used", "if (repeatable) this.memory?.cache.forget()", ""],
      ["a batch's last row runs alone", "network.trainable.byName.size > 0 ? 2 : 1", "1"],
      ["idle rows overwrite what is held", "cache.truncate(row, cache.capacity - 1)", "cache.truncate(row, 0)"],
      ["cancelled requests go on", "this.dropCancelled();", ""],
    ],
  },
  {
    file: "src/generate/next-token.ts",
    tests: TESTS,
    mutations: [
      ["the block's beginning is not taken off", "sub(target, reshape(before, [B, 1]))", "target"],
      ["the last block is not padded", "missing > 0 ?", "missing > 1e9 ?"],
      ["tokens start at the next block", "add(start, offset)", "add(add(start, offset), constant(BigInt64Array.of(1n), [], \"i64\"))"],
    ],
  },
  {
    file: "src/generate/cache-size.ts",
    tests: [...TESTS, "src/generate/cache-size.test.ts"],
    mutations: [
      ["a cache takes all free memory and more", "SHARE_OF_FREE_MEMORY = 0.5", "SHARE_OF_FREE_MEMORY = 2"],
      ["rows are rounded up", "Math.floor(budget / bytesPerRow)", "Math.ceil(budget / bytesPerRow)"],
      ["a limit on the process is ignored", "limit > used ? Math.min(os.freemem(), limit - used)", "limit > used ? os.freemem()"],
    ],
  },
];
