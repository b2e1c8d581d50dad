/** Results that contradict all of an item's votes: a reviewer decides on them, and they are not trained on. */
import type { LabelVotes } from "../votes.js";

/**
 * Why a result must be reviewed, [I]; undefined where a vote supports it.
 *
 * @param decided the label that the aggregate gives each item, [I]; -1 where it prefers none.
 */
export function contradictions(votes: LabelVotes, decided: Int32Array): (string | undefined)[] {
  const said = new Int32Array(votes.items.length).fill(-1);
  const count = new Int32Array(votes.items.length);
  const differs = new Uint8Array(votes.items.length);
  for (let v = 0; v < votes.item.length; v++) {
    const i = votes.item[v];
    if (count[i]++ === 0) said[i] = votes.label[v];
    else if (votes.label[v] !== said[i]) differs[i] = 1;
  }
  return votes.items.map((_, i) => {
    if (count[i] === 0 || differs[i] === 1 || decided[i] === -1 || decided[i] === said[i]) return undefined;
    const all = count[i] === 1 ? "the only vote says" : `all ${count[i]} votes say`;
    return `${all} ${votes.labels[said[i]]}; the result says ${votes.labels[decided[i]]}, because of how their raters judge elsewhere`;
  });
}
