/**
 * A reward function against one answer for everything: minus the share of a response's three-token sequences that
 * another response of the same batch has too. 0: nothing in common; -1: nothing of its own. No reward model asks for it:
 * each judges one response at a time.
 *
 *   rewardFunctions: [{ module: recipes/novelty.mjs, weight: 2 }]
 */
export default function novelty(responses) {
  const all = responses.map(({ ids }) => sequences(ids));
  const holders = new Map();
  for (const own of all) for (const sequence of new Set(own)) holders.set(sequence, (holders.get(sequence) ?? 0) + 1);
  return all.map((own) => -own.filter((sequence) => holders.get(sequence) > 1).length / Math.max(1, own.length));
}

const sequences = (ids) => ids.slice(2).map((id, i) => `${ids[i]} ${ids[i + 1]} ${id}`);
