/**
 * Counter-based random numbers: Philox4x32-10 (Salmon et al. 2011, "Parallel random numbers: as easy as 1, 2, 3").
 *
 * Every draw is identified by (seed, stream name, step, index), so that resumed and parallel runs draw the same numbers
 * as an uninterrupted, serial one. A stream holds no hidden state beyond its index.
 */

/** The Philox4x32 block function with 10 rounds: maps a counter (4 words) and a key (2 words) to 4 words of 32 bits. */
export function philox4x32(counter: ArrayLike<number>, key: ArrayLike<number>, out: Uint32Array): void {
  let [c0, c1, c2, c3] = [counter[0] >>> 0, counter[1] >>> 0, counter[2] >>> 0, counter[3] >>> 0];
  let [k0, k1] = [key[0] >>> 0, key[1] >>> 0];
  for (let round = 0; round < 10; round++) {
    const lo0 = Math.imul(c0, 0xd2511f53) >>> 0;
    const hi0 = multiplyHigh(c0, 0xd2511f53);
    const lo1 = Math.imul(c2, 0xcd9e8d57) >>> 0;
    const hi1 = multiplyHigh(c2, 0xcd9e8d57);
    c0 = (hi1 ^ c1 ^ k0) >>> 0;
    c1 = lo1;
    c2 = (hi0 ^ c3 ^ k1) >>> 0;
    c3 = lo0;
    k0 = (k0 + 0x9e3779b9) >>> 0;
    k1 = (k1 + 0xbb67ae85) >>> 0;
  }
  out[0] = c0;
  out[1] = c1;
  out[2] = c2;
  out[3] = c3;
}

/** The upper 32 bits of the 64-bit product of two unsigned 32-bit integers. */
function multiplyHigh(a: number, b: number): number {
  const [a0, a1, b0, b1] = [a & 0xffff, a >>> 16, b & 0xffff, b >>> 16];
  const middle = a1 * b0 + Math.floor((a0 * b0) / 65536);
  const cross = a0 * b1 + (middle % 65536);
  return (a1 * b1 + Math.floor(middle / 65536) + Math.floor(cross / 65536)) >>> 0;
}

/** FNV-1a hash (32 bits) of a string's UTF-16 code units: turns a stream's name into a word of the key. */
export function hashName(name: string): number {
  let hash = 0x811c9dc5;
  for (let i = 0; i < name.length; i++) {
    hash = Math.imul(hash ^ (name.charCodeAt(i) & 0xff), 0x01000193);
    hash = Math.imul(hash ^ (name.charCodeAt(i) >>> 8), 0x01000193);
  }
  return hash >>> 0;
}

/**
 * A named stream of random numbers.
 *
 * @example const random = new RandomStream(7, "ppo/sample", step); random.uniform();
 */
export class RandomStream {
  private readonly key: Uint32Array;
  private readonly block = new Uint32Array(4);
  private index = 0;

  /** @param seed integer in [0, 2^32). @param name what the draws are for. @param step integer in [0, 2^53). */
  constructor(
    readonly seed: number,
    readonly name: string,
    readonly step = 0,
  ) {
    this.key = Uint32Array.of(seed >>> 0, hashName(name));
  }

  /** The next 32 random bits, as an integer in [0, 2^32). */
  uint32(): number {
    const lane = this.index % 4;
    if (lane === 0) {
      const blockIndex = this.index / 4;
      philox4x32([blockIndex, blockIndex / 2 ** 32, this.step, this.step / 2 ** 32], this.key, this.block);
    }
    this.index++;
    return this.block[lane];
  }

  /** Uniform in [0, 1), with 32 random bits. */
  uniform(): number {
    return this.uint32() / 2 ** 32;
  }

  /**
   * A standard normal draw by Box-Muller. The second draw of each pair is dropped, so that every call uses two words.
   */
  normal(): number {
    const radius = Math.sqrt(-2 * Math.log(1 - this.uniform()));
    return radius * Math.cos(2 * Math.PI * this.uniform());
  }

  /** A uniform integer in [0, n). */
  int(n: number): number {
    return Math.floor(this.uniform() * n);
  }

  /** True with probability p. */
  bernoulli(p: number): boolean {
    return this.uniform() < p;
  }

  /** One element of a non-empty array, uniformly. */
  choice<T>(items: readonly T[]): T {
    return items[this.int(items.length)];
  }

  /** An index drawn with probability proportional to its weight; weights are not negative. */
  weighted(weights: readonly number[]): number {
    let left = this.uniform() * weights.reduce((a, b) => a + b, 0);
    for (let i = 0; i < weights.length; i++) {
      left -= weights[i];
      if (left < 0) return i;
    }
    return weights.length - 1;
  }

  /** A shuffled copy (Fisher-Yates). */
  shuffled<T>(items: readonly T[]): T[] {
    const copy = [...items];
    for (let i = copy.length - 1; i > 0; i--) {
      const j = this.int(i + 1);
      [copy[i], copy[j]] = [copy[j], copy[i]];
    }
    return copy;
  }

  /** Fills an array with normal draws of the given standard deviation and mean 0. */
  fillNormal(out: Float32Array, std = 1): Float32Array {
    for (let i = 0; i < out.length; i++) out[i] = std * this.normal();
    return out;
  }
}
