/** Numbers and times as people of the chosen language write them. */
import { usePreferences } from "../../preferences-context.js";

export interface Estimate {
  estimate: number;
  low: number;
  high: number;
  n: number;
}

/** The person's own form of the language, such as en-GB, if the browser names one. */
const localeOf = (language: string): string =>
  navigator.languages.find((one) => one.split("-")[0] === language) ?? language;

function formats(chosen: string) {
  const language = localeOf(chosen);
  const percent = new Intl.NumberFormat(language, { style: "percent", maximumFractionDigits: 0 });
  const two = new Intl.NumberFormat(language, { minimumFractionDigits: 2, maximumFractionDigits: 2 });
  const one = new Intl.NumberFormat(language, { maximumFractionDigits: 1 });
  const date = new Intl.DateTimeFormat(language, { dateStyle: "medium" });
  const short = new Intl.DateTimeFormat(language, { day: "numeric", month: "short" });
  const moment = new Intl.DateTimeFormat(language, { dateStyle: "medium", timeStyle: "short" });
  const count = new Intl.NumberFormat(language);
  const finite = (format: Intl.NumberFormat) => (value: number) =>
    Number.isFinite(value) ? format.format(value) : "–";
  return {
    count: finite(count),
    percent: finite(percent),
    two: finite(two),
    one: finite(one),
    date: (time: number) => date.format(time),
    /** Day and month. */
    day: (time: number) => short.format(time),
    moment: (time: number) => moment.format(time),
    /** A day that began at UTC midnight, whatever the reader's time zone. */
    utcDay: (time: number) => short.format(time + new Date(time).getTimezoneOffset() * 60_000),
    seconds: (milliseconds: number) => `${one.format(milliseconds / 1000)} s`,
    /** `71% (60–80%, n 43)` */
    share: ({ estimate, low, high, n }: Estimate) =>
      `${percent.format(estimate)} (${percent.format(low)}–${percent.format(high)}, n ${count.format(n)})`,
    /** `.41 (.35 to .47, n 120)` */
    coefficient: ({ estimate, low, high, n }: Estimate) =>
      `${two.format(estimate)} (${two.format(low)} – ${two.format(high)}, n ${count.format(n)})`,
  };
}

const made = new Map<string, ReturnType<typeof formats>>();

export function useFormat(): ReturnType<typeof formats> {
  const { language } = usePreferences().preferences;
  const known = made.get(language) ?? formats(language);
  made.set(language, known);
  return known;
}
