/** Groups of settings: the order in which help, forms and docs show them, and their headings. */
import type { z } from "zod";

/** In display order. Required settings come first; a setting without a group is listed under "settings". */
const HEADINGS = {
  required: "Required",
  files: "Input and output",
  training: "Training",
  settings: "Settings",
  sampling: "Sampling",
  optimiser: "Optimiser",
  run: "Run and resume",
  memory: "Memory and speed",
  other: "Other",
} as const;
export type SettingGroup = keyof typeof HEADINGS;

const ORDER = Object.keys(HEADINGS) as SettingGroup[];
const isGroup = (name: unknown): name is SettingGroup => ORDER.includes(name as SettingGroup);

/** Puts all fields of a shape into a group, which is recorded as `group` in their metadata. */
export const inGroup = <S extends z.ZodRawShape>(group: SettingGroup, shape: S): S =>
  Object.fromEntries(
    Object.entries(shape).map(([name, field]) => [name, (field as z.ZodType).meta({ group })]),
  ) as unknown as S;

/** The schema with the named fields put into groups; the order of its fields is kept. */
export const grouped = <S extends z.ZodObject>(
  schema: S,
  groups: { readonly [G in SettingGroup]?: readonly (keyof S["shape"] & string)[] },
): S => {
  const fields = (Object.entries(groups) as [SettingGroup, readonly string[]][]).map(([group, names]) =>
    inGroup(group, Object.fromEntries(names.map((name) => [name, schema.shape[name]]))),
  );
  return schema.extend(Object.assign({}, ...fields)) as unknown as S;
};

/** @param name `group` in the field's metadata. */
export function groupOf(name: unknown, required: boolean): SettingGroup {
  if (required) return "required";
  return isGroup(name) ? name : "settings";
}

/** A group's position in display order, from 0. */
export const groupRank = (group: SettingGroup): number => ORDER.indexOf(group);

export const groupHeading = (group: SettingGroup): string => HEADINGS[group];
