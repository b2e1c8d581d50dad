import { write } from "node:fs";

/** Most bytes that wait to be written. */
const MAX_WAITING = 1_000_000;
/** How long it waits before it tries again: where the reader is slow, and where writing failed. */
const SLOW_MILLISECONDS = 50;
const FAILED_MILLISECONDS = 1000;

/** Writes bytes somewhere, as fs.write does to a file descriptor. */
export type WriteBytes = (
  bytes: Buffer,
  done: (error: NodeJS.ErrnoException | null, written: number) => void,
) => void;

/**
 * Lines of a log on their way to where they are kept. Whatever becomes of that (a full disk, a reader that is slow or
 * gone), the program goes on: lines that cannot be written are dropped and counted, and once writing works again a line
 * says how many.
 */
export class LogOutput {
  private waiting: Buffer[] = [];
  private bytes = 0;
  private writing = false;
  /** Lines that are being written. */
  private sending = 0;
  private lost = 0;
  private failure = "";
  private readonly emptied: (() => void)[] = [];

  /** @param lostLine says how many lines were lost, and by which error of the operating system. */
  constructor(
    private readonly lostLine: (lost: number, code: string) => string,
    private readonly writeBytes: WriteBytes = (bytes, done) => write(2, bytes, done),
  ) {}

  /** @param line with its line feed. */
  write(line: string): void {
    const bytes = Buffer.from(line);
    if (this.bytes + bytes.length > MAX_WAITING) {
      this.lost++;
      this.failure ||= "EAGAIN";
      return;
    }
    this.waiting.push(bytes);
    this.bytes += bytes.length;
    if (!this.writing) this.next();
  }

  /** Lines that were not written, and of which no line tells that they were lost. */
  get unwritten(): number {
    return this.lost + this.sending + this.waiting.length;
  }

  /** Waits until everything is written, but no longer than so many milliseconds. */
  async flush(milliseconds: number): Promise<void> {
    if (!this.writing) return;
    let late: NodeJS.Timeout | undefined;
    await new Promise<void>((resolve) => {
      this.emptied.push(resolve);
      late = setTimeout(resolve, milliseconds);
    });
    clearTimeout(late);
  }

  private next(): void {
    if (this.waiting.length === 0) {
      this.writing = false;
      for (const resolve of this.emptied.splice(0)) resolve();
      return;
    }
    this.writing = true;
    const lines = this.waiting.splice(0);
    this.bytes = 0;
    this.sending = lines.length;
    const told = this.lost;
    const about = told === 0 ? [] : [Buffer.from(this.lostLine(told, this.failure))];
    this.send(Buffer.concat([...about, ...lines]), told);
  }

  /** @param told lost lines that the bytes tell of. */
  private send(bytes: Buffer, told: number): void {
    this.writeBytes(bytes, (error, written) => {
      if (error === null && written < bytes.length) return this.send(bytes.subarray(written), told);
      if (error === null) {
        this.sending = 0;
        this.lost -= told;
        if (this.lost === 0) this.failure = "";
        return this.next();
      }
      const { code = "EIO" } = error;
      const slow = code === "EAGAIN";
      if (!slow) {
        this.lost += this.sending;
        this.sending = 0;
        this.failure = code;
      }
      // A log that cannot be written does not keep the process alive.
      setTimeout(
        () => (slow ? this.send(bytes, told) : this.next()),
        slow ? SLOW_MILLISECONDS : FAILED_MILLISECONDS,
      ).unref();
    });
  }
}
