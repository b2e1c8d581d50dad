/** Votes grouped by owner: list i is `vote[start[i]]` to `vote[start[i + 1] - 1]`, in order. */
export interface VoteLists {
  start: Int32Array;
  vote: Int32Array;
}

/** @param owner of each vote, [V], in [0, lists). */
export function voteLists(owner: Int32Array, lists: number): VoteLists {
  const start = new Int32Array(lists + 1);
  for (const list of owner) start[list + 1]++;
  for (let list = 0; list < lists; list++) start[list + 1] += start[list];
  const next = start.slice();
  const vote = new Int32Array(owner.length);
  for (let v = 0; v < owner.length; v++) vote[next[owner[v]]++] = v;
  return { start, vote };
}
