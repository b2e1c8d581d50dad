import { type FileHandle, open } from "node:fs/promises";
import { PlumbError } from "../../base/errors.js";
import { systemCause } from "../../base/system-error.js";

/**
 * Bytes read per call. A call can read at most 2 GiB; this is smaller, so that buffers between file and tensor are
 * small.
 */
export const CHUNK_BYTES = 16 * 1024 * 1024;

export interface ReadOptions {
  /** Bytes read at a time, default CHUNK_BYTES; tests use a small value. */
  chunkBytes?: number;
}

/** A file that is read at given positions, so that models larger than memory or 2 GiB can be opened. */
export class RandomAccessFile {
  /** Chunk memory that no `eachChunk` is using, for reuse: as many as ever ran at the same time. */
  private readonly spare: Uint8Array[] = [];

  private constructor(
    readonly path: string,
    readonly size: number,
    private readonly handle: FileHandle,
    readonly chunkBytes: number,
  ) {}

  /** @throws PlumbError if the path is missing or not a file. */
  static async open(path: string, { chunkBytes = CHUNK_BYTES }: ReadOptions = {}): Promise<RandomAccessFile> {
    let handle: FileHandle;
    try {
      handle = await open(path, "r");
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === "ENOENT")
        throw new PlumbError(`${path}: no such file.`, { cause: error });
      const known = systemCause(error, path);
      throw new PlumbError(`${path}: cannot be opened: ${known?.why ?? String(error)}.`, {
        ...(known && { hint: known.hint }),
        cause: error,
      });
    }
    const stats = await handle.stat();
    if (!stats.isFile()) {
      await handle.close();
      throw new PlumbError(`${path} is not a file.`);
    }
    return new RandomAccessFile(path, stats.size, handle, chunkBytes);
  }

  /** Fills `into` from a position. @throws PlumbError if the file ends too early (it was truncated while open). */
  async readInto(into: Uint8Array, position: number): Promise<void> {
    for (let done = 0; done < into.length; ) {
      const length = Math.min(this.chunkBytes, into.length - done);
      const { bytesRead } = await this.handle.read(into, done, length, position + done);
      if (bytesRead === 0) {
        throw new PlumbError(`${this.path} ended at byte ${position + done} while it was being read.`, {
          hint: "Something cut the file short; fetch or copy it again.",
        });
      }
      done += bytesRead;
    }
  }

  /** Reads `length` bytes from a position, into memory of their own. */
  async read(position: number, length: number): Promise<Uint8Array<ArrayBuffer>> {
    const bytes = new Uint8Array(new ArrayBuffer(length));
    await this.readInto(bytes, position);
    return bytes;
  }

  /**
   * Reads `bytes` bytes from a position in chunks of whole units, in order, into memory that is reused.
   *
   * @param unit bytes that must not be split; for a unit larger than a chunk, the whole unit is read.
   * @param use receives each chunk, valid until it returns, and the number of bytes before it.
   * @throws PlumbError as `readInto`, and any error of `use`.
   */
  async eachChunk(
    position: number,
    bytes: number,
    unit: number,
    use: (chunk: Uint8Array, before: number) => void,
  ): Promise<void> {
    const size = Math.max(1, Math.floor(this.chunkBytes / unit)) * unit;
    const used = this.spare.pop();
    const fits = used !== undefined && used.length >= size;
    const scratch = fits ? used : new Uint8Array(new ArrayBuffer(Math.max(size, this.chunkBytes)));
    try {
      for (let done = 0; done < bytes; done += size) {
        const chunk = scratch.subarray(0, Math.min(size, bytes - done));
        await this.readInto(chunk, position + done);
        use(chunk, done);
      }
    } finally {
      this.spare.push(scratch);
    }
  }

  close(): Promise<void> {
    return this.handle.close();
  }
}
