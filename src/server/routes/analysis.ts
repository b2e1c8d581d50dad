import { findMember, holdVotes, setReliabilities } from "../../feedback/store/index.js";
import { aspectsOrKind } from "../../votes/tasks/index.js";
import { analysis as contract } from "../contract/index.js";
import { type Call, endpoint } from "../endpoint.js";
import { RequestError } from "../http/request-error.js";

/** Findings held per transaction, so that other writers get their turn in between. */
const HELD_TOGETHER = 200;
const MINUTE = 60_000;

export const analysisRoutes = [
  endpoint(contract.getAgreement, async (_request, { analyses, project }) =>
    analyses.ask(project.id, { kind: "agreement" }),
  ),
  endpoint(contract.getRaterTable, async ({ query }, call) =>
    call.analyses.ask(call.project.id, { kind: "raters", aspect: checkedAspect(call, query.aspect) }),
  ),
  endpoint(contract.listDisagreements, async ({ query }, call) =>
    call.analyses.ask(call.project.id, {
      kind: "disagreements",
      ...query,
      aspect: checkedAspect(call, query.aspect),
    }),
  ),
  endpoint(contract.listPreferences, async ({ query }, call) =>
    call.analyses.ask(call.project.id, {
      kind: "preferences",
      ...query,
      held: query.held === "count",
      aspect: checkedAspect(call, query.aspect),
    }),
  ),
  endpoint(contract.getForecast, async (_request, { store, analyses, project }) =>
    analyses.ask(project.id, { kind: "forecast", now: Math.ceil(store.clock() / MINUTE) * MINUTE }),
  ),
  endpoint(contract.previewExclusion, async ({ params: { rater }, query }, call) => {
    await findMember(call.store.db, call.project.id, rater);
    return call.analyses.ask(call.project.id, {
      kind: "exclusion",
      rater,
      aspect: checkedAspect(call, query.aspect),
    });
  }),
  endpoint(contract.exportTrainingRows, async ({ query: { aspect, held, raters } }, call) =>
    lines(
      await call.analyses.ask(call.project.id, {
        kind: "training-rows",
        aspect: checkedAspect(call, aspect),
        held: held === "count",
        raters: raters === "name",
      }),
    ),
  ),
  endpoint(contract.weighRaters, async (_request, { store, analyses, project, principal }) => {
    if (project.settings.stop === undefined)
      throw new RequestError(409, "The project does not stop early: nothing weighs its votes.", {
        hint: "Give it the setting stop first.",
      });
    const reliabilities = await analyses.ask(project.id, { kind: "reliabilities" });
    await setReliabilities(store, project.id, reliabilities, principal.actor);
    return {
      reliabilities: [...reliabilities].map(([rater, reliability]) => ({ rater, reliability })),
    };
  }),
  endpoint(contract.runProjectFilters, async (_request, { store, analyses, project, principal }) => {
    const { run, holds } = await analyses.ask(project.id, { kind: "filters" });
    let held = 0;
    for (let start = 0; start < holds.length; start += HELD_TOGETHER)
      held += await holdVotes(store, project.id, holds.slice(start, start + HELD_TOGETHER), principal.actor);
    return { ...run, held };
  }),
];

/** Pieces of text that hold lines of what a route gives, in place of its elements. */
async function* lines<T>(pieces: readonly Uint8Array[]): AsyncGenerator<T> {
  for (const piece of pieces) yield piece as T;
}

/** @throws RequestError 422 if the project does not ask for the aspect. */
function checkedAspect({ project: { task } }: Call, aspect: string | undefined): string | undefined {
  if (aspect === undefined) return undefined;
  const known = aspectsOrKind(task);
  if (known.includes(aspect)) return aspect;
  throw new RequestError(422, `The project does not ask for ${aspect}, but for ${known.join(", ")}.`, {
    field: "query.aspect",
  });
}
