import os from "node:os";
import { PlumbError } from "../base/errors.js";
import type { ModelConfig } from "../model/config.js";
import { bytesPerPosition } from "./kv-cache.js";

/** Limits of a decoding engine's cache; values that are not given are chosen. */
export interface CacheSizeOptions {
  /** Most rows decoded together; default: as many as fit the memory for the cache, up to 64. */
  batchSize?: number | undefined;
  /**
   * Most bytes for the keys and values of all rows; default: half of the free memory, which does not limit a given
   * batch size.
   */
  cacheBytes?: number | undefined;
  /** Positions per row; default: as many as the longest waiting request needs. */
  capacity?: number | undefined;
}

interface CacheSize {
  rows: number;
  capacity: number;
}

/** With more rows than this, the time of a step grows in proportion to them. */
export const MAX_ROWS = 64;
const SHARE_OF_FREE_MEMORY = 0.5;
const CAPACITY_STEP = 64;

/** Bytes that this process may still allocate. */
function freeMemory(): number {
  const limit = process.constrainedMemory?.() ?? 0;
  const used = process.memoryUsage.rss();
  return limit > used ? Math.min(os.freemem(), limit - used) : os.freemem();
}

/**
 * Chooses a cache's number of rows and of positions per row.
 *
 * @param positions that the longest request needs. @throws PlumbError if they exceed the given capacity, or memory does
 * not suffice for one row.
 */
export function chooseCacheSize(
  config: ModelConfig,
  positions: number,
  options: CacheSizeOptions,
): CacheSize {
  const capacity = options.capacity ?? Math.ceil(positions / CAPACITY_STEP) * CAPACITY_STEP;
  if (capacity < positions)
    throw new PlumbError(`a request of ${positions} tokens exceeds the cache's ${capacity} per row`);
  const bytesPerRow = capacity * bytesPerPosition(config);
  const { batchSize, cacheBytes } = options;
  if (batchSize !== undefined && cacheBytes === undefined) return { rows: batchSize, capacity };
  const budget = cacheBytes ?? SHARE_OF_FREE_MEMORY * freeMemory();
  const rows = Math.min(batchSize ?? MAX_ROWS, Math.floor(budget / bytesPerRow));
  if (rows >= 1) return { rows, capacity };
  throw new PlumbError(
    `the keys and values of one row of ${capacity} tokens take ${megabytes(bytesPerRow)}, more than the ${megabytes(budget)} available for the cache`,
    { hint: "Shorten the prompts, lower maxNewTokens, or allow more memory." },
  );
}

const megabytes = (bytes: number): string => `${Math.ceil(bytes / 1e6)} MB`;
