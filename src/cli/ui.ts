/**
 * What people see. Everything for people goes to stderr, so that stdout holds only results. Commands in messages are
 * written as this program is called.
 */
import { once } from "node:events";
import pc from "picocolors";
import type { Notices, ProgressOptions } from "../base/host.js";
import { asCalled } from "./called-as.js";
import { Progress } from "./progress.js";
import { printable } from "./text-width.js";

interface UiOptions {
  json: boolean;
  quiet: boolean;
  color: boolean;
}

export class Ui implements Notices {
  private readonly colors: ReturnType<typeof pc.createColors>;
  private active: Progress | undefined;
  private drawn = false;

  constructor(
    private readonly options: UiOptions,
    private readonly stdout: NodeJS.WriteStream = process.stdout,
    private readonly stderr: NodeJS.WriteStream = process.stderr,
  ) {
    this.colors = pc.createColors(options.color && stderr.isTTY === true);
  }

  /** A line about what is going on; nothing with --quiet. */
  info(message: string): void {
    if (!this.options.quiet) this.line(message);
  }

  /** The heading of a part of the work. */
  step(message: string): void {
    this.info(this.colors.bold(message));
  }

  /** Something went well. */
  success(message: string): void {
    this.info(`${this.colors.green("✓")} ${message}`);
  }

  /** A warning, which --quiet does not hide. */
  warn(message: string): void {
    this.line(`${this.colors.yellow("warning:")} ${message}`);
  }

  /** What went wrong, and what to do. */
  error(message: string, hint?: string): void {
    const [first, ...rest] = message.split("\n").map(printable);
    this.line(`${this.colors.red("error:")} ${[first, ...rest.map((line) => `       ${line}`)].join("\n")}`);
    if (hint !== undefined) this.line(`${this.colors.dim(" hint:")} ${printable(hint)}`);
  }

  /** A progress bar; call `update` as often as there is news and `end` when done. */
  progress(options: ProgressOptions): Progress {
    const ended = () => {
      this.active = undefined;
    };
    const progress = new Progress(options, {
      isTTY: this.stderr.isTTY === true && !this.options.quiet,
      columns: () => this.stderr.columns ?? 80,
      redraw: (text) => {
        if (text === "") ended();
        this.redraw(text);
      },
      line: (text) => this.info(text),
      now: () => performance.now(),
    });
    if (this.stderr.isTTY === true && !this.options.quiet) this.active = progress;
    return progress;
  }

  /** The command's result on stdout: one line of JSON with --json, else the text for people. */
  async result(value: unknown, text: () => string): Promise<void> {
    await this.print(this.options.json ? JSON.stringify(value) : text());
  }

  /** One line of JSON on stdout, for commands whose output is data. Waits while the reader is slow. */
  async row(value: unknown): Promise<void> {
    await this.print(JSON.stringify(value));
  }

  private async print(text: string): Promise<void> {
    this.clear();
    if (!this.stdout.write(`${text}\n`)) await once(this.stdout, "drain");
  }

  private line(text: string): void {
    this.clear();
    this.stderr.write(`${asCalled(text)}\n`);
    this.active?.draw();
  }

  private clear(): void {
    if (this.drawn) this.redraw("");
  }

  private redraw(text: string): void {
    this.stderr.write(`\r\u001b[2K${this.colors.cyan(text)}`);
    this.drawn = text !== "";
  }
}
