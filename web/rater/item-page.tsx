import { useCallback, useEffect, useLayoutEffect, useRef, useState } from "preact/hooks";
import type { Answer } from "../../src/votes/tasks/index.js";
import { call, type ResultOf } from "../api/client.js";
import { asProblem } from "../api/problem.js";
import { useStrings } from "../strings/index.js";
import { asksForText } from "../task-kinds.js";
import { Button } from "../ui/button.js";
import { useKeyName } from "../ui/key-names.js";
import { composing, placedKey, shortcutOf, takesText } from "../ui/keys.js";
import { useToast } from "../ui/toast.js";
import { ActionBar } from "./action-bar.js";
import { type AnswerDraft, asDraft, completed, draftOf, emptyDraft } from "./answer-draft.js";
import { keepDraft, keptDraft } from "./drafts.js";
import { holderOf, type Keymap } from "./keymap.js";
import { countWords, type Pace, paced, startPace } from "./pace.js";
import { Prompt } from "./prompt.js";
import { Responses } from "./responses.js";
import { afterKey } from "./task-keys.js";
import { Feedback } from "./training.js";
import type { Shown, Work } from "./work.js";
import type { Panel, Project } from "./work-page.js";
import { WrittenTask } from "./written.js";

/** A key that is pressed this soon after an item appeared was meant for the one before. */
const MIN_LOOK_MILLISECONDS = 150;
/** Drafts are sent to the server after a pause this long. */
const DRAFT_MILLISECONDS = 1500;
let pace: Pace | undefined;

export interface ItemProps {
  shown: Shown;
  project: Project;
  draft: AnswerDraft;
  change(draft: AnswerDraft): void;
  keymap: Keymap;
}

/** One item: its content, the draft of the answer, and its keys. */
export function ItemPage(props: {
  work: Work;
  shown: Shown;
  project: Project;
  rater: string;
  keymap: Keymap;
  blur: boolean;
  /** Whether something is open above the page and takes the keys. */
  busy: boolean;
  open(panel: Panel): void;
  undo(): void;
  toggleGuidelines(): void;
}) {
  const { work, shown, project, rater, keymap, blur, busy, open, undo, toggleGuidelines } = props;
  const { task } = project;
  const { rate } = useStrings();
  const say = useToast();
  const keyName = useKeyName();
  const [draft, setDraft] = useState(() => firstDraft(shown, project, rater));
  const [opened, setOpened] = useState(!(blur || task.contentWarning || task.kind === "safety"));
  const [difference, setDifference] = useState(false);
  const [feedback, setFeedback] = useState<{ given: Answer } & ResultOf<"answerTraining">>();
  const [notice, setNotice] = useState<"too-fast" | "break">();
  const page = useRef<HTMLDivElement>(null);
  const since = useRef(performance.now());
  const latest = useRef(draft);
  latest.current = draft;

  useLayoutEffect(() => {
    // Screen readers begin at the new item. Nothing needs to scroll, because the page starts over.
    if (document.activeElement === document.body || document.activeElement === null)
      page.current?.focus({ preventScroll: true });
    since.current = performance.now();
  }, []);

  const saved = useRef<ReturnType<typeof setTimeout>>(undefined);
  const change = useCallback(
    (next: AnswerDraft) => {
      latest.current = next;
      setDraft(next);
      if (shown.mode === "training") return;
      keepDraft(rater, shown.item, next);
      if (shown.mode !== "lease") return;
      clearTimeout(saved.current);
      saved.current = setTimeout(() => {
        const params = { lease: shown.lease.id };
        // The browser has the draft already, and the next change tries again.
        call("saveDraft", { params, body: { draft: JSON.parse(JSON.stringify(next)) } }).catch(
          () => undefined,
        );
      }, DRAFT_MILLISECONDS);
    },
    [shown, rater],
  );
  useEffect(() => () => clearTimeout(saved.current), []);

  const submit = (given = latest.current) => {
    const original = shown.responses[0] ?? "";
    if (!opened) return say(rate.opened);
    if (performance.now() - since.current < MIN_LOOK_MILLISECONDS) return undefined;
    const answer = completed(
      given,
      { ...task, ...(shown.mode === "training" && { rationale: "off" }) },
      original,
    );
    if (typeof answer === "string") return say(rate.lacking[answer]);
    const milliseconds = performance.now() - since.current;
    clearTimeout(saved.current);
    if (shown.mode === "training") {
      const params = { project: project.id, item: shown.item };
      call("answerTraining", { params, body: { answer } }).then(
        (told) => setFeedback({ given: answer, ...told }),
        (error: unknown) =>
          say(asProblem(error).status === 0 ? rate.waitingItems : asProblem(error).message, "bad"),
      );
      return undefined;
    }
    const now = Date.now();
    const step = paced(pace ?? startPace(now), { words: countWords(shown.responses), milliseconds, now });
    pace = step.pace;
    if (step.say === undefined) work.decide(answer, milliseconds);
    else {
      // Shown on the page of the next item, where there is time to read it.
      work.decide(answer, milliseconds);
      notices.next = step.say;
    }
    return undefined;
  };
  useEffect(() => {
    setNotice(notices.next);
    notices.next = undefined;
  }, []);

  const bookmark = () => {
    const params = { item: shown.item };
    const request = bookmarked.has(shown.item)
      ? call("removeBookmark", { params }).then(() => {
          bookmarked.delete(shown.item);
          say(rate.unbookmarked);
        })
      : call("addBookmark", { params, body: {} }).then(() => {
          bookmarked.add(shown.item);
          say(rate.bookmarked);
        });
    request.catch((error: unknown) => say(asProblem(error).message, "bad"));
  };
  const act = (action: string) => {
    if (action === "submit") return feedback ? work.trained() : submit();
    if (action === "undo") return undo();
    if (action === "skip") return shown.mode === "lease" ? open("skip") : undefined;
    if (action === "help") return open("help");
    if (action === "history") return open("history");
    if (action === "keys") return open("keys");
    if (action === "messages") return open("messages");
    if (action === "guidelines") return toggleGuidelines();
    if (action === "open") return setOpened(true);
    if (action === "bookmark") return bookmark();
    if (action === "difference") return setDifference((on) => !on);
    if (action === "flags" || action === "rationale")
      return page.current?.querySelector<HTMLElement>(`[data-focus="${action}"]`)?.focus();
    if (feedback) return undefined;
    if (!opened) return say(rate.opened);
    if (performance.now() - since.current < MIN_LOOK_MILLISECONDS) return undefined;
    const next = afterKey(action, latest.current, task);
    if (next === undefined) return undefined;
    change(next.draft);
    return next.submit ? submit(next.draft) : undefined;
  };
  // Refs hold the latest values, because keys may arrive before the effects of a change have run.
  const handle = useRef(act);
  handle.current = act;
  const held = useRef(busy);
  held.current = busy;

  useEffect(() => {
    const pressed = (event: KeyboardEvent) => {
      if (held.current || event.defaultPrevented || document.querySelector("dialog[open]")) return;
      // Enter, Escape and Ctrl+Z, too, are the input method's while it composes.
      if (composing(event)) return;
      const target = event.target instanceof HTMLElement ? event.target : document.body;
      const writing = takesText(target);
      if (event.key === "Escape" && writing) return target.blur();
      if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) {
        event.preventDefault();
        return handle.current("submit");
      }
      if (writing || event.repeat) return undefined;
      if ((event.ctrlKey || event.metaKey) && (event.key === "z" || placedKey(event) === "z")) {
        event.preventDefault();
        return handle.current("undo");
      }
      const key = shortcutOf(event, (key) => holderOf(keymap, key) !== undefined);
      const action = key === undefined ? undefined : holderOf(keymap, key);
      // Enter and space press the button that has the focus.
      if (action === undefined || (target instanceof HTMLButtonElement && (key === "Enter" || key === " ")))
        return undefined;
      event.preventDefault();
      return handle.current(action);
    };
    addEventListener("keydown", pressed);
    return () => removeEventListener("keydown", pressed);
  }, [keymap]);

  const given: ItemProps = { shown, project, draft, change, keymap };
  const written = asksForText(task);
  return (
    <div
      class={`item item-${task.kind}`}
      ref={page}
      tabIndex={-1}
      data-item={shown.item}
      data-mode={shown.mode}
    >
      <div class="item-notices">
        {shown.mode === "correction" && (
          <div class="notice row">
            <span>{rate.changing}</span>
            <Button onClick={() => work.leaveCorrection()}>{rate.stopChanging}</Button>
          </div>
        )}
        {shown.mode === "training" && (
          <div class="notice">
            <strong>{rate.training(String(shown.at), String(shown.of))}</strong> {rate.trainingHint}
          </div>
        )}
        {notice && (
          <div class="notice row" role="status">
            <span>{notice === "break" ? rate.pause : rate.tooFast}</span>
            <Button onClick={() => setNotice(undefined)}>{rate.understood}</Button>
          </div>
        )}
      </div>
      {opened ? (
        <>
          <Prompt prompt={shown.prompt} />
          {written ? <WrittenTask {...given} /> : <Responses {...given} difference={difference} />}
        </>
      ) : (
        <div class="blurred">
          <div class="blurred-text" aria-hidden="true">
            {"▆▆▆▆▆ ▆▆▆ ▆▆▆▆▆▆▆ ▆▆ ▆▆▆▆ ".repeat(12)}
          </div>
          <div class="blurred-say card stack">
            <p>{rate.blurred}</p>
            <Button look="primary" hint={keyName(keymap.open ?? "")} onClick={() => setOpened(true)}>
              {rate.open}
            </Button>
          </div>
        </div>
      )}
      {feedback ? (
        <Feedback feedback={feedback} strengths={task.strengths} next={() => work.trained()} />
      ) : (
        <ActionBar {...given} act={act} />
      )}
    </div>
  );
}

/** The warning on the rater's pace that the next item shows. */
const notices: { next: "too-fast" | "break" | undefined } = { next: undefined };
/** Items that were bookmarked since the page was opened. */
const bookmarked = new Set<string>();

function firstDraft(shown: Shown, { task }: Project, rater: string): AnswerDraft {
  const empty = emptyDraft(task, shown.responses);
  if (shown.mode === "training") return empty;
  if (shown.mode === "correction") return asDraft(keptDraft(rater, shown.item), draftOf(shown.answer, empty));
  const { draft } = shown.lease;
  const back = (draft as { answer?: Answer } | undefined)?.answer;
  if (back !== undefined) return draftOf(back, empty);
  return asDraft(keptDraft(rater, shown.item) ?? draft, empty);
}
