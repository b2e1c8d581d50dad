/**
 * Training: gold items with an explanation. A rater must answer those meant for them before getting other items, and
 * after each answer sees the expected answer and the explanation. The answers are stored apart from votes, so they are
 * neither counted nor aggregated.
 */

import { agreesWithGold } from "../../../votes/filters/failed-gold.js";
import type { Answer, ItemContent } from "../../../votes/tasks/index.js";
import { answerOnScreen } from "../../../votes/tasks/places.js";
import { trainingOrder } from "../../assign/mix.js";
import type { Queries } from "../database/database.js";
import { among } from "../database/sets.js";
import type { Tables } from "../database/tables.js";
import { type Member, workingMember } from "../projects/members.js";
import { checkOpen, findProject, type Project } from "../projects/projects.js";
import type { StoreContext } from "../store-context.js";
import { StoreError } from "../store-error.js";
import { storedAnswer } from "./vote.js";

/** Most training items that a rater answers; of more, only the first ones by position are used. */
export const MAX_TRAINING = 50;

/** What a rater is shown of a training item. */
export interface TrainingItem {
  item: string;
  prompt: ItemContent["prompt"];
  /** Texts in screen order. */
  responses: string[];
}

/** What a rater is shown after an answer. */
export interface TrainingFeedback {
  /** The expected answer, in screen order. */
  expected: Answer;
  explanation: string;
  /** Whether the answer agrees with it; undefined for answers that cannot be compared, such as written text. */
  agrees?: boolean;
}

type TrainingRow = Pick<
  Tables["items"],
  "id" | "position" | "content_json" | "gold_json" | "responses" | "language" | "audience" | "explanation"
>;

/** The rater's unanswered training items, in order of position. @throws StoreError missing, forbidden, closed */
export async function trainingFor(
  store: StoreContext,
  projectId: string,
  rater: string,
): Promise<TrainingItem[]> {
  const { project, member } = await memberOf(store, projectId, rater);
  const items = await trainingItems(store.db, projectId);
  const answered = await answeredTraining(store.db, projectId, [rater]);
  return items
    .filter((item) => fits(item, member) && !answered.has(`${rater} ${item.id}`))
    .map((item) => {
      const { prompt, responses } = JSON.parse(item.content_json) as ItemContent;
      return {
        item: item.id,
        prompt,
        responses: orderFor(project, member, item).map((index) => responses[index].text),
      };
    });
}

/**
 * Takes an answer to a training item. Only the first answer is stored; later ones get feedback but change nothing.
 *
 * @throws StoreError missing, forbidden, closed, invalid
 */
export async function answerTraining(
  store: StoreContext,
  { project: projectId, item: itemId, rater, answer }: TrainingRequest,
): Promise<TrainingFeedback> {
  return store.write(async (write) => {
    const { project, member } = await memberOf(write, projectId, rater);
    const item = (await trainingItems(write.db, projectId)).find(({ id }) => id === itemId);
    if (item === undefined || !fits(item, member))
      throw new StoreError("missing", `There is no training item ${itemId}.`);
    const order = orderFor(project, member, item);
    const given = storedAnswer(answer, { ...project.task, rationale: "optional" }, order);
    const kept = await write.db
      .insertInto("training_answers")
      .values({
        rater_id: rater,
        item_id: itemId,
        project_id: projectId,
        answer_json: given,
        answered_at: write.now,
      })
      .onConflict((conflict) => conflict.columns(["rater_id", "item_id"]).doNothing())
      .executeTakeFirst();
    const gold = JSON.parse(item.gold_json as string) as Answer;
    const agrees = agreesWithGold(gold, JSON.parse(given) as Answer, project.task.scale);
    if (kept.numInsertedOrUpdatedRows === 1n)
      write.audit(`rater:${rater}`, "training.answered", itemId, { project: projectId, agrees });
    return {
      expected: answerOnScreen(gold, order),
      explanation: item.explanation as string,
      ...(agrees !== undefined && { agrees }),
    };
  });
}

/** A rater's answer to a training item, of which the right answer is told. */
export interface TrainingRequest {
  project: string;
  item: string;
  rater: string;
  /** In the places of the screen. */
  answer: Answer;
}

/** The members who have training left to do. */
export async function inTraining(
  db: Queries,
  project: string,
  members: readonly Member[],
): Promise<Set<string>> {
  const items = members.length === 0 ? [] : await trainingItems(db, project);
  if (items.length === 0) return new Set();
  const raters = members.map(({ rater_id }) => rater_id);
  const answered = await answeredTraining(db, project, raters);
  return new Set(
    members
      .filter((member) =>
        items.some((item) => fits(item, member) && !answered.has(`${member.rater_id} ${item.id}`)),
      )
      .map(({ rater_id }) => rater_id),
  );
}

/** The order of responses on the rater's screen. */
const orderFor = ({ seed }: Project, member: Member, { position, responses }: TrainingRow): number[] =>
  trainingOrder({ seed, member: member.number }, position, responses);

const fits = ({ audience, language }: TrainingRow, { group_name, languages }: Member): boolean =>
  (audience === null || audience === group_name) &&
  (language === null || languages.length === 0 || languages.includes(language));

async function memberOf(
  from: { db: Queries },
  projectId: string,
  rater: string,
): Promise<{ project: Project; member: Member }> {
  const project = await findProject(from, projectId);
  const member = await workingMember(from.db, projectId, rater);
  checkOpen(project);
  return { project, member };
}

function trainingItems(db: Queries, project: string): Promise<TrainingRow[]> {
  return db
    .selectFrom("items")
    .select([
      "id",
      "position",
      "content_json",
      "gold_json",
      "responses",
      "language",
      "audience",
      "explanation",
    ])
    .where("project_id", "=", project)
    .where("explanation", "is not", null)
    .where("state", "=", "open")
    .orderBy("position")
    .limit(MAX_TRAINING)
    .execute();
}

/** The key "rater item" of every training answer of these raters. */
async function answeredTraining(
  db: Queries,
  project: string,
  raters: readonly string[],
): Promise<Set<string>> {
  const rows = await db
    .selectFrom("training_answers")
    .select(["rater_id", "item_id"])
    .where("project_id", "=", project)
    .where(among(db, "rater_id", raters))
    .execute();
  return new Set(rows.map(({ rater_id, item_id }) => `${rater_id} ${item_id}`));
}
