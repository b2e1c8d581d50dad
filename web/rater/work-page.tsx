import { useCallback, useEffect, useMemo, useReducer, useRef, useState } from "preact/hooks";
import { call, type ResultOf } from "../api/client.js";
import { SignInForm } from "../pages/sign-in.js";
import { navigate } from "../router.js";
import { store, stored } from "../storage.js";
import { useStrings } from "../strings/index.js";
import { useLoaded } from "../ui/async.js";
import { Button } from "../ui/button.js";
import { Dialog } from "../ui/dialog.js";
import { useKeyName } from "../ui/key-names.js";
import { useToast } from "../ui/toast.js";
import { TopBar } from "../ui/top-bar.js";
import { useIdleKeys } from "./idle-keys.js";
import { ItemPage } from "./item-page.js";
import { type Keymap, keepKeymap, ownKeymap } from "./keymap.js";
import { prepare } from "./markdown/text.js";
import { NothingState } from "./nothing.js";
import { GuidelinesPanel } from "./panels/guidelines.js";
import { HelpDialog } from "./panels/help.js";
import { HistoryDialog } from "./panels/history.js";
import { KeysDialog } from "./panels/keys.js";
import { MessagesDialog } from "./panels/messages.js";
import { SkipDialog } from "./panels/skip.js";
import { SendStatus } from "./send-status.js";
import { refusedWords } from "./words.js";
import { Work } from "./work.js";

export type Project = ResultOf<"getProject">;
export type Panel = "skip" | "help" | "history" | "keys" | "messages" | undefined;

/** How often the page asks for new messages. */
const MESSAGES_MILLISECONDS = 60_000;
/** Votes after which progress is loaded again; the team's is for staff only. */
const PROGRESS_EVERY = 10;

/** Work in one project: the item, its controls, and the panels that open above it. */
export function WorkPage({ project, rater }: { project: Project; rater: string }) {
  const strings = useStrings();
  const { rate } = strings;
  const say = useToast();
  const [, repaint] = useReducer((n: number) => n + 1, 0);
  const [panel, setPanel] = useState<Panel>();
  const [guidelinesOpen, setGuidelinesOpen] = useState(stored<boolean>("guidelines-open") ?? false);
  const [blur, setBlur] = useState(stored<boolean>(`blur.${project.id}`) ?? false);
  const [keymap, setKeymap] = useState<Keymap>(() => ownKeymap(project.task));
  const words = useRef(rate);
  words.current = rate;
  const work = useMemo(
    () =>
      new Work(project.id, rater, {
        changed: () => repaint(undefined),
        coming: (leases) =>
          idle(() => {
            for (const { prompt, responses } of leases)
              for (const text of [...responses, ...(typeof prompt === "string" ? [prompt] : [])])
                prepare(text, words.current);
          }),
        refused: ({ status, message }) => say(`${refusedWords(words.current, status)} ${message}`, "bad"),
      }),
    [project.id, rater, say],
  );
  useEffect(() => {
    work.start();
    return () => work.stop();
  }, [work]);
  useEffect(() => {
    const leave = (event: BeforeUnloadEvent) => {
      if (work.outbox.entries.length > 0 && !work.outbox.kept) event.preventDefault();
    };
    addEventListener("beforeunload", leave);
    return () => removeEventListener("beforeunload", leave);
  }, [work]);

  const progress = useLoaded(
    () => call("getProgress", { params: { project: project.id } }),
    [Math.floor(work.done / PROGRESS_EVERY)],
  );
  const messages = useLoaded(
    () => call("listOwnMessages", { params: { project: project.id } }),
    [project.id],
  );
  useEffect(() => {
    const timer = setInterval(messages.reload, MESSAGES_MILLISECONDS);
    return () => clearInterval(timer);
  }, [messages.reload]);
  const said = messages.data?.messages ?? [];
  const fresh = said.filter(({ author, readAt }) => author === "staff" && readAt === undefined).length;
  const base = useRef({ votes: 0, done: 0 });
  if (progress.data?.own && base.current.votes !== progress.data.own.today)
    base.current = { votes: progress.data.own.today, done: work.done - work.outbox.entries.length };
  const today = base.current.votes + Math.max(0, work.done - base.current.done);

  const toggleGuidelines = useCallback(() => {
    setGuidelinesOpen((open) => {
      store("guidelines-open", !open);
      return !open;
    });
  }, []);
  const changeBlur = (on: boolean) => {
    store(`blur.${project.id}`, on);
    setBlur(on);
  };
  const undo = useCallback(() => {
    const undone = work.undo();
    say(undone === undefined ? rate.nothingToUndo : undone === "sent" ? rate.undoSent : rate.undone);
  }, [work, say, rate]);
  const { shown } = work;
  const close = () => setPanel(undefined);
  const keyName = useKeyName();
  const hint = (action: string) => keyName(keymap[action] ?? "");
  useIdleKeys(shown === undefined && panel === undefined, keymap, {
    undo,
    guidelines: toggleGuidelines,
    history: () => setPanel("history"),
    messages: () => setPanel("messages"),
    keys: () => setPanel("keys"),
    help: () => setPanel("help"),
  });
  const messagesName = fresh > 0 ? rate.messagesNew(String(fresh)) : rate.messages;

  return (
    <div class="rate">
      <TopBar
        title={project.name}
        // Only staff is told a project's settings.
        home={project.settings && `/desk/${project.id}/overview`}
      >
        <span class="rate-progress quiet">
          {rate.today(String(today))}
          {progress.data?.done !== undefined && (
            <span class="rate-team">
              {" · "}
              {rate.team(String(progress.data.done), String(progress.data.items))}
            </span>
          )}
        </span>
        <SendStatus work={work} />
        <Button look="quiet" class="wide-only" hint={hint("history")} onClick={() => setPanel("history")}>
          {rate.history}
        </Button>
        <Button
          look="quiet"
          class="wide-only"
          hint={hint("guidelines")}
          aria-expanded={guidelinesOpen}
          onClick={toggleGuidelines}
        >
          {rate.guidelines}
        </Button>
        <Button
          look="quiet"
          class={fresh > 0 ? "wide-only button-new" : "wide-only"}
          hint={hint("messages")}
          onClick={() => setPanel("messages")}
        >
          {messagesName}
        </Button>
        <Button
          look="quiet"
          class="wide-only"
          aria-label={rate.keys}
          aria-keyshortcuts="?"
          onClick={() => setPanel("keys")}
        >
          ?
        </Button>
      </TopBar>
      <nav class="rate-tabs narrow-only" aria-label={rate.more}>
        <Button look="quiet" onClick={() => setPanel("history")}>
          {rate.history}
        </Button>
        <Button look="quiet" onClick={toggleGuidelines}>
          {rate.guidelines}
        </Button>
        <Button look="quiet" {...(fresh > 0 && { class: "button-new" })} onClick={() => setPanel("messages")}>
          {messagesName}
        </Button>
      </nav>
      <span class="visually-hidden" role="status">
        {fresh > 0 ? messagesName : ""}
      </span>
      <div class={guidelinesOpen ? "rate-body rate-body-guided" : "rate-body"}>
        <main class="rate-main">
          {shown === undefined ? (
            <NothingState work={work} />
          ) : (
            <ItemPage
              key={shown.key}
              {...{ work, shown, project, rater, keymap, undo, blur }}
              open={setPanel}
              busy={panel !== undefined || work.signedOut}
              toggleGuidelines={toggleGuidelines}
            />
          )}
        </main>
        <GuidelinesPanel
          project={project.id}
          version={shown?.mode === "lease" ? shown.lease.guidelinesVersion : project.guidelinesVersion}
          open={guidelinesOpen}
          toggle={toggleGuidelines}
        />
      </div>
      {panel === "skip" && (
        <SkipDialog
          close={close}
          skip={(reason, note) => {
            if (reason === "harmful") changeBlur(true);
            work.skip(reason, note);
          }}
        />
      )}
      {panel === "help" && (
        <HelpDialog
          close={close}
          blur={blur}
          changeBlur={changeBlur}
          canSkip={shown?.mode === "lease"}
          skip={() => {
            changeBlur(true);
            work.skip("harmful", "");
          }}
          stop={() => {
            work.giveBackAll().finally(() => navigate("/"));
          }}
        />
      )}
      {panel === "history" && <HistoryDialog {...{ work, project, close }} />}
      {panel === "messages" && (
        <MessagesDialog
          project={project.id}
          item={shown?.mode === "training" ? undefined : shown?.item}
          messages={said}
          reload={messages.reload}
          close={close}
        />
      )}
      {panel === "keys" && (
        <KeysDialog
          task={project.task}
          keymap={keymap}
          change={(next) => {
            keepKeymap(next, project.task);
            setKeymap(next);
          }}
          close={close}
        />
      )}
      {work.signedOut && (
        <Dialog title={rate.sessionOver} close={() => undefined}>
          <p>{rate.sessionOverText}</p>
          <SignInForm done={work.online} />
        </Dialog>
      )}
    </div>
  );
}

function idle(work: () => void): void {
  if ("requestIdleCallback" in window) requestIdleCallback(work, { timeout: 300 });
  else setTimeout(work, 50);
}
