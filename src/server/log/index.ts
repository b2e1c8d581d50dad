/** The server's log, on stderr: lines of JSON for programs, a line a minute for people at a terminal. */
import pino from "pino";
import { MinuteLines } from "./minutes.js";
import { LogOutput } from "./output.js";

/** How long a stopping server waits for its last lines. */
const FLUSH_MILLISECONDS = 1000;

interface ServerLog {
  log: pino.Logger;
  /** Writes what waits. @returns the number of lines that could not be written. */
  end(): Promise<number>;
}

/** @param forPeople a line a minute instead of one for each request. */
export function serverLog(level: pino.LevelWithSilent, forPeople: boolean): ServerLog {
  const output = new LogOutput((lost, code) => {
    const msg = `${lost} lines of the log were lost (${code})`;
    return forPeople ? `${msg}\n` : `${JSON.stringify({ level: 40, time: Date.now(), lost, code, msg })}\n`;
  });
  const minutes = forPeople ? new MinuteLines(output) : undefined;
  return {
    log: pino({ level, base: undefined }, minutes ?? output),
    async end() {
      minutes?.end();
      await output.flush(FLUSH_MILLISECONDS);
      return output.unwritten;
    },
  };
}
