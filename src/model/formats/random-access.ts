import { type FileHandle, open } from "node:fs/promises";
import { PlumbError } from "../../base/errors.js";

/** Bytes read by one call, which takes at most 2 GiB; small, so that what lies between file and tensor is small. */
export const CHUNK_BYTES = 16 * 1024 * 1024;

export interface ReadOptions {
  /** Bytes read at a time, default CHUNK_BYTES; tests make it small. */
  chunkBytes?: number;
}

/** A file that is read at positions, so that models larger than memory or than 2 GiB can be opened. */
export class RandomAccessFile {
  /** Memory for a chunk that no `eachChunk` is using: one for each that ever ran at the same time. */
  private readonly spare: Uint8Array[] = [];

  private constructor(
    readonly path: string,
    readonly size: number,
    private readonly handle: FileHandle,
    readonly chunkBytes: number,
  ) {}

  /** @throws PlumbError when the path is missing or not a file. */
  static async open(path: string, { chunkBytes = CHUNK_BYTES }: ReadOptions = {}): Promise<RandomAccessFile> {
    let handle: FileHandle;
    try {
      handle = await open(path, "r");
    } catch (error) {
      const why = error instanceof Error && "code" in error ? String(error.code) : String(error);
      throw new PlumbError(
        why === "ENOENT" ? `${path}: no such file.` : `${path}: cannot be opened (${why}).`,
        { cause: error },
      );
    }
    const stats = await handle.stat();
    if (!stats.isFile()) {
      await handle.close();
      throw new PlumbError(`${path} is not a file.`);
    }
    return new RandomAccessFile(path, stats.size, handle, chunkBytes);
  }

  /** Fills `into` from a position. @throws PlumbError when the file ends before (it was cut while open). */
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

  /** `length` bytes from a position, in memory of their own. */
  async read(position: number, length: number): Promise<Uint8Array<ArrayBuffer>> {
    const bytes = new Uint8Array(new ArrayBuffer(length));
    await this.readInto(bytes, position);
    return bytes;
  }

  /**
   * Reads `bytes` bytes from a position in chunks of whole units, in order, into memory that is used again and again.
   *
   * @param unit bytes that must not be divided; more than a chunk is read for a unit that is larger.
   * @param use is given each chunk, valid until it returns, and how many bytes came before it.
   * @throws PlumbError as `readInto`, and whatever `use` throws.
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
