import os from "node:os";
import { PlumbError } from "../base/errors.js";
import type { ModelConfig } from "../model/config.js";
import { bytesPerPosition } from "./kv-cache.js";

/** How much a decoding engine may hold at once; what is left out is chosen. */
export interface CacheSizeOptions {
  /** Most rows decoded together; default: as many as the memory for the cache has room for, up to 64. */
  batchSize?: number | undefined;
  /** Most bytes of all rows' keys and values; default: half of the free memory, which bounds no given batch size. */
  cacheBytes?: number | undefined;
  /** Positions that each row has room for; default: as many as the longest request that waits needs. */
  capacity?: number | undefined;
}

export interface CacheSize {
  rows: number;
  capacity: number;
}

/** Beyond this, a step takes longer in proportion to its rows. */
export const MAX_ROWS = 64;
const SHARE_OF_FREE_MEMORY = 0.5;
const CAPACITY_STEP = 64;

/** Bytes that this process may still take. */
function freeMemory(): number {
  const limit = process.constrainedMemory?.() ?? 0;
  const used = process.memoryUsage.rss();
  return limit > used ? Math.min(os.freemem(), limit - used) : os.freemem();
}

/**
 * Rows and positions of a cache.
 *
 * @param positions what the longest request needs. @throws PlumbError when not even one row fits the memory.
 */
export function chooseCacheSize(
  config: ModelConfig,
  positions: number,
  options: CacheSizeOptions,
): CacheSize {
  const capacity = options.capacity ?? Math.ceil(positions / CAPACITY_STEP) * CAPACITY_STEP;
  if (capacity < positions)
    throw new PlumbError(`a request of ${positions} tokens exceeds the cache's ${capacity} a row`);
  const bytesPerRow = capacity * bytesPerPosition(config);
  const { batchSize, cacheBytes } = options;
  if (batchSize !== undefined && cacheBytes === undefined) return { rows: batchSize, capacity };
  const budget = cacheBytes ?? SHARE_OF_FREE_MEMORY * freeMemory();
  const rows = Math.min(batchSize ?? MAX_ROWS, Math.floor(budget / bytesPerRow));
  if (rows >= 1) return { rows, capacity };
  throw new PlumbError(
    `the keys and values of one row of ${capacity} tokens take ${megabytes(bytesPerRow)}, more than the ${megabytes(budget)} there are for the cache`,
    { hint: "shorten the prompts, lower maxNewTokens, or allow more memory" },
  );
}

const megabytes = (bytes: number): string => `${Math.ceil(bytes / 1e6)} MB`;
