import type { RowLocation } from "../../base/location.js";
import type { ForeignRecord, Opinion } from "./foreign-record.js";
import type { ImportProblems } from "./problems.js";

type Grouped = ForeignRecord & { opinions: Opinion[] };

/** Records of files whose rows hold one person's answer each: a record for each item, in order of appearance. */
export class GroupedRecords {
  private readonly records = new Map<string, Grouped>();

  constructor(private readonly problems: ImportProblems) {}

  /**
   * Adds a row to its item's record. A row that shows other texts than an earlier one of the same item is a problem: two
   * items have one id, as when files of two projects are joined.
   */
  add(item: Omit<ForeignRecord, "opinions">, opinion: Opinion | undefined): void {
    const known = this.records.get(item.id);
    if (known !== undefined && !showsSame(known, item))
      this.problems.add(item.where, "", otherTexts(item.id, known.where));
    const record = known ?? { ...item, opinions: [] };
    this.records.set(item.id, record);
    if (opinion !== undefined && opinion.said.size > 0) record.opinions.push(opinion);
  }

  all(): ForeignRecord[] {
    return [...this.records.values()];
  }
}

type Shown = Pick<ForeignRecord, "texts" | "responses" | "gold">;

/** Whether two records of one id show the same, and have the same right answer. */
export const showsSame = (a: Shown, b: Shown): boolean => whatIsShown(a) === whatIsShown(b);

const whatIsShown = ({ texts, responses, gold }: Shown): string =>
  JSON.stringify([[...texts], responses?.map(({ text }) => text), gold]);

/** What is wrong with a record that has another's id and shows something else. */
export const otherTexts = (id: string, { unit, number }: RowLocation): string =>
  `is about item ${JSON.stringify(id.slice(0, 60))} as ${unit} ${number} is, and shows other texts or another right answer: give each item an id of its own`;
