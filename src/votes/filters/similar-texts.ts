/**
 * Groups near-equal texts, in time linear in their length.
 *
 * 1. A text becomes the set of its 5-character shingles (Broder 1997), in lower case, without punctuation and spaces.
 * 2. A sketch of 64 values is made from one hash of each shingle: the smallest value in each of 64 bins (one
 *    permutation hashing: Li, Owen and Zhang 2012); an empty bin borrows from the next non-empty one (Shrivastava and
 *    Li 2014). Two sketches agree in a bin with probability J, the Jaccard similarity of the sets.
 * 3. Sketches that agree in all 4 values of one of 16 bands are candidates (Leskovec, Rajaraman and Ullman, "Mining of
 *    massive datasets", 3.4): at J = .8 all but (1 - .8^4)^16 = .02% of pairs are.
 * 4. Candidates are compared exactly; those with at least the given similarity are joined into one group.
 *
 * A text is compared with at most MAX_COMPARED earlier texts of a band, one from each group, so that many equal texts
 * cost no more than few.
 */

const SHINGLE = 5;
const BINS = 64;
const BAND_ROWS = 4;
const MAX_COMPARED = 8;
/** Added for each bin that a borrowed value is carried over, so that borrowing bins agree only by chance. */
const BORROWED = 0x9e3779b1;

/**
 * @param similarity least Jaccard similarity of two texts that are linked into a group, in (0, 1].
 * @returns groups of at least two texts, as ascending indices. Texts without a letter or digit are in no group.
 */
export function similarTexts(texts: readonly string[], similarity: number): number[][] {
  const parent = texts.map((_, i) => i);
  const root = (i: number): number => {
    let at = i;
    while (parent[at] !== at) at = parent[at] = parent[parent[at]];
    return at;
  };
  const bands = new Map<string, number[]>();
  const sizes: number[] = [];
  for (const [i, text] of texts.entries()) {
    const set = shingles(text);
    sizes.push(set.length);
    if (set.length === 0) continue;
    const values = sketch(set);
    for (let start = 0; start < BINS; start += BAND_ROWS) {
      const key = `${start}:${values.subarray(start, start + BAND_ROWS).join()}`;
      const seen = bands.get(key) ?? [];
      if (seen.length === 0) bands.set(key, seen);
      let alone = true;
      for (const other of seen) {
        if (root(other) === root(i)) alone = false;
        else if (couldReach(sizes[other], set.length, similarity)) {
          if (jaccard(shingles(texts[other]), set) < similarity) continue;
          parent[root(i)] = root(other);
          alone = false;
        }
      }
      if (alone && seen.length < MAX_COMPARED) seen.push(i);
    }
  }
  const groups = new Map<number, number[]>();
  for (const i of texts.keys()) {
    const group = groups.get(root(i)) ?? [];
    if (group.push(i) === 1) groups.set(root(i), group);
  }
  return [...groups.values()].filter((group) => group.length > 1);
}

/** Jaccard similarity |a and b| / |a or b| of two texts' shingles; 0 if one has none. */
export function textSimilarity(a: string, b: string): number {
  return jaccard(shingles(a), shingles(b));
}

/** Two sets of sizes m <= n have a similarity of at most m / n. */
const couldReach = (a: number, b: number, similarity: number): boolean =>
  Math.min(a, b) >= similarity * Math.max(a, b);

/** Hashes of a text's shingles, sorted and distinct. */
function shingles(text: string): Uint32Array {
  const plain = normalized(text);
  if (plain.length === 0) return new Uint32Array(0);
  const count = Math.max(1, plain.length - SHINGLE + 1);
  const hashes = new Uint32Array(count);
  for (let i = 0; i < count; i++) {
    let hash = 0x811c9dc5;
    for (let j = i; j < Math.min(plain.length, i + SHINGLE); j++)
      hash = Math.imul(hash ^ plain.charCodeAt(j), 0x01000193);
    hashes[i] = mixed(hash);
  }
  hashes.sort();
  let kept = 1;
  for (let i = 1; i < count; i++) if (hashes[i] !== hashes[kept - 1]) hashes[kept++] = hashes[i];
  return hashes.slice(0, kept);
}

/** The letters and digits of a text in lower case and NFKC form, without anything between them. */
export function normalized(text: string): string {
  return text
    .normalize("NFKC")
    .toLowerCase()
    .replace(/[^\p{L}\p{N}]+/gu, "");
}

/** Spreads a hash over all of its bits (MurmurHash3's finaliser). */
function mixed(hash: number): number {
  let h = hash;
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b);
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
  return (h ^ (h >>> 16)) >>> 0;
}

/** @returns [BINS]. */
function sketch(set: Uint32Array): Uint32Array {
  const least = new Float64Array(BINS).fill(Number.POSITIVE_INFINITY);
  for (const hash of set) least[hash % BINS] = Math.min(least[hash % BINS], Math.floor(hash / BINS));
  return Uint32Array.from(least, (_, bin) => {
    let steps = 0;
    while (least[(bin + steps) % BINS] === Number.POSITIVE_INFINITY) steps++;
    return (least[(bin + steps) % BINS] + Math.imul(steps, BORROWED)) >>> 0;
  });
}

function jaccard(a: Uint32Array, b: Uint32Array): number {
  let [i, j, both] = [0, 0, 0];
  while (i < a.length && j < b.length) {
    if (a[i] === b[j]) both++;
    const step = a[i] <= b[j];
    if (b[j] <= a[i]) j++;
    if (step) i++;
  }
  const either = a.length + b.length - both;
  return either === 0 ? 0 : both / either;
}
