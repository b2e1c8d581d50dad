import { extname } from "node:path";
import { countOf } from "../../base/format.js";
import { type checkItems, knownItems } from "../../feedback/exchange/index.js";
import { addItems } from "../../feedback/store/index.js";
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
    const { items, problems, fields, warnings, ...checked } = await readUpload(body, project.task);
    const known = checked.problemCount === 0 ? await knownItems(store, project.id, items) : 0;
    const added =
      body.confirm && checked.problemCount === 0
        ? (await addItems(store, project.id, items, principal.actor)).length
        : 0;
    return {
      ...checked,
      ...(fields && { fields }),
      warnings: [
        ...warnings,
        ...(known > 0
          ? [
              `${countOf(known, "item")} ${known === 1 ? "is" : "are"} in the project already, with the same texts`,
            ]
          : []),
      ],
      items: items.length,
      gold: items.filter(({ gold }) => gold !== undefined).length,
      added,
      first: items.slice(0, SHOWN).map(({ content }) => content),
      problems: problems.map(({ where, field, problem }) => ({
        ...(where && { unit: where.unit, number: where.number }),
        field,
        problem,
      })),
    };
  }),
];

/** The readers take files, so the text is in a temporary one while they read. */
async function readUpload(
  { name, text, prompt, responses }: { name: string; text: string; prompt?: string; responses?: string[] },
  task: Parameters<typeof checkItems>[1],
): ReturnType<typeof checkItems> {
  const ending = extname(name).toLowerCase();
  if (!ENDINGS.includes(ending))
    throw new RequestError(422, `Files that end in ${ENDINGS.join(", ")} can be read.`, {
      field: "name",
      hint: "plumb tasks import reads Parquet and packed files, and plumb tasks push sends what it writes.",
    });
  return withUpload(text, ending, async (path) => {
    const checked = await checkUpload(path, task, { prompt, responses });
    const problems = checked.problems.map(({ problem, ...rest }) => ({
      ...rest,
      problem: problem.replaceAll(path, name),
    }));
    return { ...checked, problems };
  });
}
