import { extname } from "node:path";
import { countOf } from "../../base/format.js";
import {
  ColumnChoices,
  type checkItems,
  knownItems,
  type RememberedColumns,
} from "../../feedback/exchange/index.js";
import { addItems, type StoreContext, saveColumns, savedColumns } from "../../feedback/store/index.js";
import { checkUpload } from "../check-upload.js";
import { projects as contract } from "../contract/index.js";
import { endpoint } from "../endpoint.js";
import { RequestError } from "../http/request-error.js";
import { withUpload } from "../uploads.js";

/** Text formats only: a compressed file could unpack to far more than the body's limit. */
const ENDINGS = [".jsonl", ".ndjson", ".json", ".csv", ".tsv"];
/** Items that the answer shows. */
const SHOWN = 3;

export const importRoutes = [
  endpoint(contract.importFile, async ({ body }, { store, project, principal }) => {
    const said = body.columns ?? (await rememberedColumns(store, project.id));
    const { items, problems, warnings, names, ...checked } = await readUpload(body, project.task, said);
    const right = checked.problemCount === 0 && checked.questions.length === 0;
    const known = right ? await knownItems(store, project.id, items) : 0;
    const adds = body.confirm && right && items.length > 0;
    const added = adds ? (await addItems(store, project.id, items, principal.actor)).length : 0;
    if (adds && body.columns !== undefined)
      await saveColumns(store, project.id, { columns: names, choices: body.columns });
    return {
      ...checked,
      ...{ questions: [...checked.questions], added, items: items.length },
      remembered: body.columns === undefined && Object.keys(checked.choices).length > 0,
      warnings: [
        ...warnings,
        ...(known > 0
          ? [
              `${countOf(known, "item")} ${known === 1 ? "is" : "are"} in the project already, with the same texts`,
            ]
          : []),
      ],
      gold: items.filter(({ gold }) => gold !== undefined).length,
      first: items.slice(0, SHOWN).map(({ content }) => content),
      problems: problems.map(({ where, field, problem }) => ({
        ...(where && { unit: where.unit, number: where.number }),
        field,
        problem,
      })),
    };
  }),
];

/** What was said of the columns of the project's files; choices that no version knows any more are left out. */
async function rememberedColumns(store: StoreContext, project: string): Promise<RememberedColumns[]> {
  const saved = await savedColumns(store, project);
  return saved.flatMap(({ columns, choices }) => {
    const known = ColumnChoices.safeParse(choices);
    return known.success ? [{ columns, choices: known.data }] : [];
  });
}

/** The readers take files, so the text is in a temporary one while they read. */
async function readUpload(
  { name, text }: { name: string; text: string },
  ...[task, said]: [Parameters<typeof checkItems>[1], Parameters<typeof checkItems>[2]]
): ReturnType<typeof checkItems> {
  const ending = extname(name).toLowerCase();
  if (!ENDINGS.includes(ending))
    throw new RequestError(422, `Files that end in ${ENDINGS.join(", ")} can be read.`, {
      field: "name",
      hint: "plumb tasks import reads Parquet and packed files, and plumb tasks push sends what it writes.",
    });
  return withUpload(text, ending, async (path) => {
    const checked = await checkUpload(path, task, said);
    const problems = checked.problems.map(({ problem, ...rest }) => ({
      ...rest,
      problem: problem.replaceAll(path, name),
    }));
    return { ...checked, problems };
  });
}
