/** A Vite plugin that loads source files with a mutation in them; nothing is written. */
export class InPlace {
  /** The mutation to load; if undefined, files load unchanged. */
  mutation = undefined;

  plugin() {
    return {
      name: "mutation",
      enforce: "pre",
      transform: (code, id) => {
        if (this.mutation === undefined || !id.endsWith(`/${this.mutation.file}`)) return null;
        return { code: mutated(code, this.mutation), map: null };
      },
    };
  }
}

/** @throws if the text to be replaced does not occur exactly once: then the list no longer matches the source. */
export function mutated(code, { name, file, find, replace }) {
  const count = code.split(find).length - 1;
  if (count !== 1) throw new Error(`mutation "${name}": its text occurs ${count} times in ${file}, not once:\n${find}`);
  return code.replace(find, () => replace);
}
