import { call } from "../../api/client.js";
import { usePreferences } from "../../preferences-context.js";
import { useStrings } from "../../strings/index.js";
import { useLoaded } from "../../ui/async.js";
import { Button } from "../../ui/button.js";
import { Dialog } from "../../ui/dialog.js";
import { Loading, ProblemState } from "../../ui/states.js";
import type { Refused } from "../outbox.js";
import { answerWords, refusedWords } from "../words.js";
import type { Lease, Work } from "../work.js";
import type { Project } from "../work-page.js";

/** The last decisions, each with a way to change it, and decisions that were refused or are waiting. */
export function HistoryDialog({ work, project, close }: { work: Work; project: Project; close(): void }) {
  const strings = useStrings();
  const { rate } = strings;
  const params = { project: project.id };
  const { data, problem, reload } = useLoaded(
    async () => ({
      ...(await call("listOwnVotes", { params, query: { limit: 20 } })),
      ...(await call("listBookmarks", { params })),
    }),
    [project.id],
  );
  const { language } = usePreferences().preferences;
  const time = (at: number) =>
    new Intl.DateTimeFormat(language, { dateStyle: "short", timeStyle: "short" }).format(at);
  const { strengths } = project.task;
  const waiting = new Set(work.outbox.entries.map(({ lease }) => lease));
  const marked = new Set(data?.bookmarks.map(({ item }) => item));
  return (
    <Dialog title={rate.history} close={close} wide>
      {work.outbox.refusedEntries.length > 0 && (
        <section class="stack">
          <h3>{rate.refusedTitle}</h3>
          {work.outbox.refusedEntries.map((entry) => (
            <RefusedRow
              key={entry.lease}
              {...{ entry, strengths }}
              forget={() => work.outbox.forget(entry)}
            />
          ))}
        </section>
      )}
      {problem && <ProblemState problem={problem} retry={reload} />}
      {!data && !problem && <Loading />}
      {data?.votes.length === 0 && <p>{rate.historyEmpty}</p>}
      <ul class="history">
        {data?.votes.map((past) => {
          const late = past.correctableUntil < Date.now();
          return (
            <li key={past.vote}>
              <div class="history-text">
                <p class="history-prompt" dir="auto">
                  {marked.has(past.item) && <span title={rate.bookmark}>★ </span>}
                  {promptText(past.prompt)}
                </p>
                <p>
                  <strong>{answerWords(strings, past.answer, strengths)}</strong>{" "}
                  <span class="quiet">
                    {time(past.castAt)}
                    {waiting.has(past.lease)
                      ? ` · ${rate.waiting}`
                      : late
                        ? ` · ${rate.tooLateToChange}`
                        : ""}
                  </span>
                </p>
              </div>
              <Button
                disabled={late || waiting.has(past.lease)}
                onClick={() => {
                  close();
                  work.correct(past);
                }}
              >
                {rate.change}
              </Button>
            </li>
          );
        })}
      </ul>
    </Dialog>
  );
}

function RefusedRow(props: { entry: Refused; strengths: number; forget(): void }) {
  const strings = useStrings();
  const { rate } = strings;
  const { entry, strengths, forget } = props;
  const text = entry.type === "skip" ? rate.skip : answerWords(strings, entry.answer, strengths);
  return (
    <div class="notice notice-bad">
      <p>
        {refusedWords(rate, entry.status)} <span class="quiet">{entry.message}</span>
      </p>
      <p dir="auto">{text}</p>
      <div class="row">
        {entry.type !== "skip" && "text" in entry.answer && (
          <Button onClick={() => navigator.clipboard?.writeText((entry.answer as { text: string }).text)}>
            {rate.keep}
          </Button>
        )}
        <Button onClick={forget}>{rate.forget}</Button>
      </div>
    </div>
  );
}

export function promptText(prompt: Lease["prompt"]): string {
  const text = typeof prompt === "string" ? prompt : (prompt.at(-1)?.content ?? "");
  return text.length > 200 ? `${text.slice(0, 200)}…` : text;
}
