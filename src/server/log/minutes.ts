/** The log as people read it on a terminal: what went wrong at once, and of the rest one line a minute. */

interface Line {
  level: number;
  msg?: string;
  operation?: string;
  status?: number;
  milliseconds?: number;
  why?: string;
  err?: { message?: string; stack?: string };
}

const MINUTE = 60_000;
/** pino's levels. */
const [WARN, ERROR] = [40, 50];
/** Operations that take one vote. */
const VOTING = new Set(["castVote", "castVotes", "correctVote"]);

/** Takes the lines that pino writes, and writes lines for people. */
export class MinuteLines {
  private requests = 0;
  private votes = 0;
  private slowest = 0;
  /** Requests that were refused for the server's own sake, by reason. */
  private readonly failed = new Map<string, number>();
  private readonly timer: NodeJS.Timeout;

  /** @param out takes text with its line feed. */
  constructor(
    private readonly out: { write(text: string): void },
    private readonly clock: () => Date = () => new Date(),
  ) {
    this.timer = setInterval(() => this.tell(), MINUTE).unref();
  }

  /** @param text one line of pino's JSON. */
  write(text: string): void {
    const line = JSON.parse(text) as Line;
    if (line.msg === "request") this.count(line);
    else if (line.level >= WARN) this.say(`${line.level >= ERROR ? "error" : "warning"}: ${about(line)}`);
  }

  /** Says what came since the last time, if anything did. */
  tell(): void {
    if (this.requests === 0) return;
    const plural = (n: number, word: string) => `${n} ${word}${n === 1 ? "" : "s"}`;
    const failed = [...this.failed].map(([why, n]) => `; ${n} refused: ${why}`).join("");
    const slowest = `slowest ${this.slowest} ms`;
    this.say(`${plural(this.votes, "vote")}, ${plural(this.requests, "request")}, ${slowest}${failed}`);
    this.requests = this.votes = this.slowest = 0;
    this.failed.clear();
  }

  /** Says the last line, and none after it. */
  end(): void {
    clearInterval(this.timer);
    this.tell();
  }

  private count({ operation = "", status = 0, milliseconds = 0, why }: Line): void {
    this.requests++;
    if (VOTING.has(operation) && status < 300) this.votes++;
    this.slowest = Math.max(this.slowest, milliseconds);
    if (why !== undefined) this.failed.set(why, (this.failed.get(why) ?? 0) + 1);
  }

  private say(text: string): void {
    this.out.write(`${this.clock().toTimeString().slice(0, 8)}  ${text}\n`);
  }
}

const about = ({ msg = "", why, err }: Line): string =>
  [msg, why, err?.stack ?? err?.message].filter(Boolean).join(": ");
