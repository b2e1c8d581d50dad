/** The picture of the layers: what each is for, its rooms, and what it imports. */

/** What each layer is for, in a few words; a layer without words is an error. */
const WORDS: Record<string, string> = {
  base: "random numbers, errors, texts",
  statistics: "estimates with intervals",
  text: "tokenizers, templates",
  data: "dataset formats",
  artifacts: "run folders, checkpoints",
  worlds: "a small synthetic world",
  tensor: "graphs, gradients, shapes",
  runtime: "what executes a graph",
  nn: "layers as functions",
  optim: "optimisers, schedules",
  model: "networks, batches, weights",
  generate: "sampling with a cache",
  votes: "what votes come to",
  feedback: "collection, the store",
  algorithms: "sft, reward, dpo, kto, orpo, ppo, grpo, rloo",
  open: "models that a name means",
  evaluate: "what judges a policy",
  inference: "texts scored and made",
  train: "runs of a method",
  server: "the feedback server",
  pipeline: "stages, lineage",
  demo: "the whole loop",
  bench: "what the engine makes of a machine",
  doctor: "what a machine and a recipe need",
  cli: "what people touch",
};
const [LEFT, ROOMS_AT, MATRIX_AT, CELL] = [16, 340, 700, 24];
const [LINE, HEAD] = [14, 96];
const [INK, PALE, ACCENT, LINE_COLOUR] = ["#16283a", "#5a6a79", "#2f6f62", "#d8dee4"];
const LEGEND =
  "A dot: the layer of the row imports that of the column. All lie on one side: imports go down.";

/**
 * A row for each layer, the upper ones first: its name, what it is for, its rooms, and a dot under each layer that it imports.
 *
 * @param levels layers from the bottom up. @param rooms of each folder with sub-folders, by path.
 * @param imported pairs "from to" of layers.
 * @returns an SVG with a ground of its own, legible on light and dark pages.
 */
export function architectureMap(
  levels: readonly (readonly string[])[],
  rooms: Readonly<Record<string, readonly (readonly string[])[]>>,
  imported: ReadonlySet<string>,
): string {
  const names = [...levels].reverse().flat();
  const lines: string[] = [];
  const columnOf = (name: string): number => MATRIX_AT + names.indexOf(name) * CELL + CELL / 2;
  let y = HEAD;
  for (const [i, name] of names.entries()) {
    const words = WORDS[name];
    if (words === undefined) throw new Error(`test/architecture-map.ts has no words for src/${name}`);
    const within = roomLines(rooms[`src/${name}`] ?? []);
    const height = Math.max(CELL, 9 + LINE * within.length);
    const middle = y + height / 2;
    const sameLevel = levels.some((level) => level.includes(name) && level.includes(names[i - 1]));
    lines.push(
      `<path d="M${LEFT} ${y} H${MATRIX_AT + names.length * CELL}" stroke="${LINE_COLOUR}"${sameLevel ? ' stroke-dasharray="2 4"' : ""}/>`,
      text(LEFT, middle + 4, 13, INK, name, "600"),
      text(LEFT + 92, middle + 4, 12, PALE, words),
      ...within.map((line, k) =>
        text(ROOMS_AT, middle + 4 + LINE * (k - (within.length - 1) / 2), 11, ACCENT, line),
      ),
      `<rect x="${columnOf(name) - CELL / 2}" y="${y}" width="${CELL}" height="${height}" fill="${LINE_COLOUR}"/>`,
      ...names
        .filter((to) => to !== name && imported.has(`${name} ${to}`))
        .map((to) => `<circle cx="${columnOf(to)}" cy="${middle}" r="4.5" fill="${INK}"/>`),
    );
    y += height;
  }
  const width = MATRIX_AT + names.length * CELL + LEFT;
  const columns = names.map((name) => {
    const x = columnOf(name) + 4;
    return `<text x="${x}" y="${HEAD - 8}" font-size="11.5" fill="${INK}" transform="rotate(-55 ${x} ${HEAD - 8})">${name}</text>`;
  });
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width + 40} ${y + 16}" font-family="system-ui, sans-serif">`,
    "<title>The layers of src, and what each imports</title>",
    `<rect width="${width + 40}" height="${y + 16}" fill="#fdfdfb"/>`,
    text(LEFT, 28, 15, INK, "The layers of src", "600"),
    text(LEFT, 48, 12, PALE, LEGEND),
    ...columns,
    ...lines,
    "</svg>\n",
  ].join("\n");
}

const text = (x: number, y: number, size: number, colour: string, content: string, weight = "400"): string =>
  `<text x="${x}" y="${y}" font-size="${size}" fill="${colour}" font-weight="${weight}">${content}</text>`;

/** Rooms from the top down, in lines that fit; a folder's other files have no name, and its index none of interest. */
function roomLines(levels: readonly (readonly string[])[]): string[] {
  const names = [...levels]
    .reverse()
    .flatMap((level) => level.filter((name) => name !== "*" && name !== "index"));
  const lines: string[] = [];
  for (const name of names) {
    const last = lines[lines.length - 1];
    if (last !== undefined && `${last}, ${name}`.length <= 58) lines[lines.length - 1] = `${last}, ${name}`;
    else lines.push(name);
  }
  return lines;
}
