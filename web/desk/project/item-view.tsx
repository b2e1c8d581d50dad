/** An item as stored, and the votes on it. */
import { call, type ResultOf } from "../../api/client.js";
import { Text } from "../../rater/markdown/text.js";
import { Link } from "../../router.js";
import { useLoaded } from "../../ui/async.js";
import { useDesk } from "../strings/index.js";
import { useFormat } from "../ui/format.js";
import { Await } from "../ui/page.js";
import { PromptView, Prose } from "../ui/prose.js";
import { answerText, type StandingVote } from "./answer-text.js";
import { useProject } from "./context.js";
import { raterName } from "./rater-name.js";
import { WriteButton } from "./verbs/write.js";

export type Item = ResultOf<"getItem">;

/** An open item that has all the votes wanted is complete. */
export function stateName(
  words: ReturnType<typeof useDesk>["items"],
  { state, done }: Pick<Item, "state" | "done">,
): string {
  return state === "open" && done ? words.complete : words.states[state];
}

/** Names of responses on these pages, by their stored order rather than the order that a rater saw. */
export function useResponseNames(count: number): string[] {
  const { items } = useDesk();
  return Array.from({ length: count }, (_, i) => items.response(i + 1));
}

/** Prompt and responses side by side. */
export function ContentView({ content }: { content: Item["content"] }) {
  const { items } = useDesk();
  const names = useResponseNames(content.responses.length);
  return (
    <div class="stack">
      <section class="card stack-small">
        <h2 class="label">{items.prompt}</h2>
        <PromptView prompt={content.prompt} />
      </section>
      <div class="responses">
        {content.responses.map(({ name, text, source }, i) => (
          <section key={name} class="card stack-small">
            <h2 class="label">
              {names[i]} <span class="quiet">{source ? `${items.source} ${source}` : name}</span>
            </h2>
            <Text text={text} />
          </section>
        ))}
      </div>
    </div>
  );
}

/** What a lead decided of an item, with the reason. */
export function DecisionView({ item: { adjudication, content } }: { item: Item }) {
  const desk = useDesk();
  const { project } = useProject();
  const format = useFormat();
  const names = useResponseNames(content.responses.length);
  if (adjudication === undefined) return null;
  const { answer, note, decidedAt } = adjudication;
  return (
    <section class="notice notice-good stack-small">
      <h2 class="label">
        {desk.verbs.byLead} <span class="quiet">{format.moment(decidedAt)}</span>
      </h2>
      <Prose text={answerText(answer, names, project.task, desk)} />
      {note && <Prose text={`${desk.answers.rationale}: ${note}`} />}
    </section>
  );
}

/** All raters' votes on an item. @param without a vote to leave out because it is shown elsewhere. */
export function VotesOn({ item, without }: { item: Item; without?: string }) {
  const { project } = useProject();
  const loaded = useLoaded(
    () => call("listItemVotes", { params: { project: project.id, item: item.id } }),
    [item.id],
  );
  return (
    <Await loaded={loaded}>
      {({ votes }) => <VoteList item={item} votes={votes.filter(({ id }) => id !== without)} />}
    </Await>
  );
}

export function VoteList({ item, votes }: { item: Item; votes: readonly StandingVote[] }) {
  const { items } = useDesk();
  if (votes.length === 0) return <p class="quiet">{items.noVotes}</p>;
  return (
    <ul class="votes">
      {votes.map((vote) => (
        <li key={vote.id} class="card stack-small">
          <VoteView item={item} vote={vote} />
        </li>
      ))}
    </ul>
  );
}

/** One vote: its rater, answer, rationale and time. */
export function VoteView({ item, vote }: { item: Item; vote: StandingVote }) {
  const desk = useDesk();
  const { items, common } = desk;
  const { project } = useProject();
  const format = useFormat();
  const names = useResponseNames(item.content.responses.length);
  const { rater, group, answer, milliseconds, castAt, review, repeat } = vote;
  return (
    <>
      <div class="row">
        <Link href={`/desk/${project.id}/raters/${rater}`}>{raterName(rater, common)}</Link>
        {group && <span class="tag">{group}</span>}
        {repeat && <span class="tag">{items.repeat}</span>}
        {review && <span class={`tag tag-${review}`}>{items[review]}</span>}
        <span class="row-gap" />
        <WriteButton rater={rater} about={item.id} quiet />
        <span class="quiet">
          {format.moment(castAt)}
          {milliseconds !== undefined && ` ${items.seconds(format.seconds(milliseconds))}`}
        </span>
      </div>
      <Prose text={answerText(answer, names, project.task, desk)} />
      {answer.rationale && <Prose text={`${desk.answers.rationale}: ${answer.rationale}`} />}
    </>
  );
}
