/** Dates as Python's strftime writes them in the C locale, for templates that state the day. */
import { PlumbError } from "../../base/errors.js";

const MONTHS = [
  ...["January", "February", "March", "April", "May", "June"],
  ...["July", "August", "September", "October", "November", "December"],
];
const DAYS = ["Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday"];
const DAY_MS = 86_400_000;

const two = (value: number): string => String(value).padStart(2, "0");
const dayOfYear = (date: Date): number =>
  1 + Math.floor((date.getTime() - Date.UTC(date.getUTCFullYear(), 0, 1)) / DAY_MS);

const DIRECTIVES: Record<string, (date: Date) => string> = {
  "%Y": (date) => String(date.getUTCFullYear()),
  "%y": (date) => two(date.getUTCFullYear() % 100),
  "%m": (date) => two(date.getUTCMonth() + 1),
  "%-m": (date) => String(date.getUTCMonth() + 1),
  "%B": (date) => MONTHS[date.getUTCMonth()],
  "%b": (date) => MONTHS[date.getUTCMonth()].slice(0, 3),
  "%d": (date) => two(date.getUTCDate()),
  "%-d": (date) => String(date.getUTCDate()),
  "%e": (date) => String(date.getUTCDate()).padStart(2, " "),
  "%j": (date) => String(dayOfYear(date)).padStart(3, "0"),
  "%A": (date) => DAYS[date.getUTCDay()],
  "%a": (date) => DAYS[date.getUTCDay()].slice(0, 3),
  "%F": (date) => date.toISOString().slice(0, 10),
  "%H": () => "00",
  "%I": () => "12",
  "%M": () => "00",
  "%S": () => "00",
  "%p": () => "AM",
  "%T": () => "00:00:00",
  "%%": () => "%",
};

/**
 * A day in a format of strftime; the time of day is midnight.
 *
 * @param day such as "2024-07-26".
 * @throws PlumbError for a directive other than the usual ones.
 */
export function strftime(day: string, format: string): string {
  const date = new Date(`${day}T00:00:00Z`);
  return format.replace(/%-?./gs, (directive) => {
    const write = DIRECTIVES[directive];
    if (write !== undefined) return write(date);
    throw new PlumbError(`The chat template asks for the date as "${directive}", which is not supported.`);
  });
}
