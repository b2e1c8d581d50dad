import { namedMutations } from "./named.mjs";

/** A Vite plugin that loads one source file with a named mutation in it; without a name it changes nothing. */
export function inPlace(name) {
  const mutation = name === undefined ? undefined : namedMutations.find((one) => one.name === name);
  if (name !== undefined && mutation === undefined) throw new Error(`there is no mutation "${name}"`);
  return {
    name: "mutation",
    enforce: "pre",
    transform(code, id) {
      if (mutation === undefined || !id.endsWith(`/${mutation.file}`)) return null;
      return { code: mutated(code, mutation), map: null };
    },
  };
}

/** @throws when the text to be replaced is not there exactly once: then the list has fallen behind the source. */
export function mutated(code, { name, file, find, replace }) {
  const count = code.split(find).length - 1;
  if (count !== 1) throw new Error(`mutation "${name}": its text occurs ${count} times in ${file}, not once:\n${find}`);
  return code.replace(find, () => replace);
}
