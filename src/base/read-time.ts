/** Times in files: ISO 8601 or Unix milliseconds, and nothing that could mean two instants. */

/** An instant in Unix milliseconds. */
interface ReadTime {
  at: number;
  /** Whether the text states no zone, so that UTC was assumed. */
  assumedUtc: boolean;
}

/** What a time may look like, for messages. */
const TIME_FORMS = "a time such as 2026-01-31T12:00:00Z, or Unix milliseconds";

/** Numbers in this range are seconds of the years 1973 to 5138; as milliseconds they are of the years 1970 to 1973. */
const SECONDS = [1e8, 1e11] as const;
/** Milliseconds after the year 5138: numbers from here on are micro- or nanoseconds. */
const TOO_LATE = 1e14;
/** Days since 1899-12-30, as spreadsheets count them: of 1954 to 2119. */
const SERIAL_DAYS = [20_000, 80_000] as const;
const SPREADSHEET_EPOCH = Date.UTC(1899, 11, 30);
const DAY = 86_400_000;
/** The earliest time that a number may mean: nobody rated on a computer in Unix milliseconds before. */
const EARLIEST = Date.UTC(2000, 0, 1);

const ISO =
  /^(\d{4})-(\d{2})-(\d{2})(?:[T ](\d{2}):(\d{2})(?::(\d{2})(?:[.,](\d{1,9}))?)?)? ?(Z|UTC|[+-]\d{2}(?::?\d{2})?)?$/i;

/**
 * The instant that a cell states, or what is wrong with it. Text without a zone is UTC, whatever the machine's zone is.
 *
 * @param value ISO 8601 text with "T" or a space, Unix milliseconds as a number or digits, or a Date. A number means a
 * time from 2000 to the end of next year; what else it may count (days, seconds, an index) is refused. @param now the
 * present, in Unix milliseconds.
 */
export function readTime(value: unknown, now = Date.now()): ReadTime | string {
  if (value instanceof Date)
    return Number.isFinite(value.getTime()) ? { at: value.getTime(), assumedUtc: false } : "is no time";
  if (typeof value === "number") return fromNumber(value, now);
  if (typeof value !== "string") return `is not ${TIME_FORMS}`;
  const text = value.trim();
  return /^-?\d+(?:\.\d+)?$/.test(text) ? fromNumber(Number(text), now) : fromIso(text);
}

function fromNumber(number: number, now: number): ReadTime | string {
  if (!Number.isFinite(number) || number < 0) return `is not ${TIME_FORMS}`;
  if (number >= SECONDS[0] && number < SECONDS[1])
    return "looks like Unix seconds; expected milliseconds: multiply by 1000";
  if (number >= SERIAL_DAYS[0] && number < SERIAL_DAYS[1])
    return `looks like a day as spreadsheets count them (${dayOf(SPREADSHEET_EPOCH + number * DAY)}); expected ${TIME_FORMS}: format the column as a date and time before saving`;
  if (number >= TOO_LATE) return "looks like Unix micro- or nanoseconds; expected milliseconds";
  if (number < EARLIEST)
    return `would be in ${dayOf(number).slice(0, 4)} as Unix milliseconds; expected ${TIME_FORMS}, from 2000 on`;
  const last = new Date(now).getUTCFullYear() + 1;
  if (number >= Date.UTC(last + 1, 0, 1))
    return `would be in ${dayOf(number).slice(0, 4)} as Unix milliseconds; expected ${TIME_FORMS}, to ${last} at the latest`;
  return { at: number, assumedUtc: false };
}

/** The day of a time, such as 2026-01-31. */
const dayOf = (at: number): string => new Date(at).toISOString().slice(0, 10);

function fromIso(text: string): ReadTime | string {
  const parts = text.length <= 40 ? ISO.exec(text) : null;
  if (parts === null) return `is not ${TIME_FORMS}`;
  const [year, month, day, hour, minute, second] = parts.slice(1, 7).map((part) => Number(part ?? 0));
  const milliseconds = Number((parts[7] ?? "").padEnd(3, "0").slice(0, 3));
  const at = Date.UTC(year, month - 1, day, hour, minute, second, milliseconds);
  const date = new Date(at);
  // Date.UTC carries what is too large into the next field, and takes years below 100 for those of the 20th century.
  const same =
    date.getUTCFullYear() === year &&
    date.getUTCMonth() === month - 1 &&
    date.getUTCDate() === day &&
    hour < 24;
  if (!same || minute > 59 || second > 59) return "is no time of the calendar";
  const zone = parts[8];
  if (zone === undefined) return { at, assumedUtc: true };
  if (/^(?:Z|UTC)$/i.test(zone)) return { at, assumedUtc: false };
  const [hours, minutes] = [Number(zone.slice(1, 3)), Number(zone.slice(3).replace(":", "") || 0)];
  if (hours > 18 || minutes > 59) return "has a zone that there is not";
  return { at: at - (zone[0] === "-" ? -1 : 1) * (hours * 60 + minutes) * 60_000, assumedUtc: false };
}
