/** Groups of settings: the order in which help, forms and docs show them, and their headings. */
import type { z } from "zod";

/** In their order. Required settings come before all groups; a setting of no group stands where "settings" does. */
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

/** Fields of a schema as members of a group: `group` in the metadata of each. */
export const inGroup = <S extends z.ZodRawShape>(group: SettingGroup, shape: S): S =>
  Object.fromEntries(
    Object.entries(shape).map(([name, field]) => [name, (field as z.ZodType).meta({ group })]),
  ) as unknown as S;

/** A schema some of whose fields are members of groups; their order stays. */
export const grouped = <S extends z.ZodObject>(
  schema: S,
  groups: { readonly [G in SettingGroup]?: readonly (keyof S["shape"] & string)[] },
): S => {
  const fields = (Object.entries(groups) as [SettingGroup, readonly string[]][]).map(([group, names]) =>
    inGroup(group, Object.fromEntries(names.map((name) => [name, schema.shape[name]]))),
  );
  return schema.extend(Object.assign({}, ...fields)) as unknown as S;
};

/** @param name `group` of a field's metadata. */
export function groupOf(name: unknown, required: boolean): SettingGroup {
  if (required) return "required";
  return isGroup(name) ? name : "settings";
}

/** A group's place among all. */
export const groupRank = (group: SettingGroup): number => ORDER.indexOf(group);

export const groupHeading = (group: SettingGroup): string => HEADINGS[group];
