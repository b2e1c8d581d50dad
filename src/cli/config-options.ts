/** Commander options and help of a command's settings, made from its schema. */
import { Option } from "commander";
import type { z } from "zod";
import { RENAMED_SETTINGS } from "../base/renamed-settings.js";
import { groupHeading } from "../base/setting-groups.js";
import { flagName, type Setting, settingFlag, settingKey, settingsOf } from "./settings.js";

/** Most characters of choices shown next to a flag; longer lists go into its description. */
const MAX_CHOICES = 64;

/** Commander options for every setting that is not nested, in groups; nested ones are given with --set. */
export function configOptions(schema: z.ZodObject): Option[] {
  return settingsOf(schema)
    .filter((setting) => setting.path.length === 1)
    .flatMap((setting) =>
      (setting.type === "boolean" ? switchOptions(setting) : [valueOption(setting)]).map((option) =>
        option.helpGroup(`${groupHeading(setting.group)}:`),
      ),
    );
}

/** Flags that settings of the command had before they were renamed. */
export const renamedFlags = (schema: z.ZodObject): string[] =>
  [...RENAMED_SETTINGS].filter(([, now]) => now in schema.shape).map(([old]) => flagName(old));

/** Lines of help on nested settings: `[key, description]`. */
export function nestedSettingsHelp(schema: z.ZodObject): [string, string][] {
  return settingsOf(schema)
    .filter((setting) => setting.path.length > 1)
    .map((setting) => [`${settingKey(setting)}=${placeholder(setting)}`, describeSetting(setting)]);
}

function valueOption(setting: Setting): Option {
  return new Option(`${settingFlag(setting)} <${placeholder(setting)}>`, describeSetting(setting));
}

/** `--x` and `--no-x`; help shows the one that changes the default, the other is for overriding a recipe. */
function switchOptions(setting: Setting): Option[] {
  const flag = settingFlag(setting);
  const on = new Option(flag, setting.description);
  const off = new Option(flag.replace("--", "--no-"), `turns off: ${setting.description ?? setting.path[0]}`);
  return setting.default === true ? [on.hideHelp(), off] : [on, off.hideHelp()];
}

/** Whether the choices are too long to stand next to a flag. */
const hasManyChoices = ({ type, choices = [] }: Setting): boolean =>
  type !== "list" && choices.join("|").length > MAX_CHOICES;

function placeholder(setting: Setting): string {
  if (setting.choices !== undefined && setting.type !== "list")
    return hasManyChoices(setting) ? "name" : setting.choices.join("|");
  const names = {
    integer: "n",
    number: "x",
    boolean: "true|false",
    text: "text",
    list: "a,b",
    object: "yaml",
    any: "value",
  };
  return names[setting.type];
}

function describeSetting(setting: Setting): string {
  const notes = [
    setting.type === "list" && setting.choices !== undefined && `of ${setting.choices.join(", ")}`,
    hasManyChoices(setting) && setting.choices?.join(", "),
    setting.range,
    setting.required && "required",
    setting.default !== undefined && !isEmpty(setting.default) && `default ${shownDefault(setting.default)}`,
  ].filter(Boolean);
  return `${setting.description ?? ""}${notes.length > 0 ? ` (${notes.join("; ")})` : ""}`.trim();
}

const isEmpty = (value: unknown): boolean => Array.isArray(value) && value.length === 0;

function shownDefault(value: unknown): string {
  if (typeof value === "number" && value !== 0 && Math.abs(value) < 1e-3) return value.toExponential();
  if (typeof value === "string") return value || '""';
  // Spaces, where help can break the line.
  return JSON.stringify(value, null, 1)
    .replace(/\n\s*(?=[\]}])/g, "")
    .replace(/(?<=[[{])\n\s*/g, "")
    .replace(/\s*\n\s*/g, " ");
}
