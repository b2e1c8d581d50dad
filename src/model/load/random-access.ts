import { type FileHandle, open } from "node:fs/promises";
import { PlumbError } from "../../errors.js";

/** One read call takes at most 2 GiB; this stays far below it. */
const READ_CHUNK_BYTES = 256 * 1024 * 1024;

/** A file that is read at positions, so that models larger than memory or than 2 GiB can be opened. */
export class RandomAccessFile {
  private constructor(
    readonly path: string,
    readonly size: number,
    private readonly handle: FileHandle,
  ) {}

  /** @throws PlumbError when the path is missing or not a file. */
  static async open(path: string): Promise<RandomAccessFile> {
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
    return new RandomAccessFile(path, stats.size, handle);
  }

  /** Fills `into` from a position. @throws PlumbError when the file ends before (it was cut while open). */
  async readInto(into: Uint8Array, position: number): Promise<void> {
    for (let done = 0; done < into.length; ) {
      const length = Math.min(READ_CHUNK_BYTES, into.length - done);
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

  close(): Promise<void> {
    return this.handle.close();
  }
}
