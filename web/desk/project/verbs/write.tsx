import { useEffect, useState } from "preact/hooks";
import { call, type ResultOf } from "../../../api/client.js";
import { Link } from "../../../router.js";
import { useLoaded } from "../../../ui/async.js";
import { Button } from "../../../ui/button.js";
import { Dialog } from "../../../ui/dialog.js";
import { FormProblem } from "../../../ui/form-problem.js";
import { useToast } from "../../../ui/toast.js";
import { useDesk } from "../../strings/index.js";
import { useAction } from "../../ui/action.js";
import { useFormat } from "../../ui/format.js";
import { Await } from "../../ui/page.js";
import { Prose } from "../../ui/prose.js";
import { TextArea } from "../../ui/text-area.js";
import { useProject } from "../context.js";
import { raterName } from "../rater-name.js";

type Message = ResultOf<"listMessages">["messages"][number];

/** Opens the conversation with a rater. @param about an item that is written about. */
export function WriteButton(props: { rater: string; name?: string; about?: string; quiet?: boolean }) {
  const { messages } = useDesk();
  const { leads } = useProject();
  const [open, setOpen] = useState(false);
  if (!leads) return null;
  return (
    <>
      <Button {...(props.quiet && { look: "quiet" as const })} onClick={() => setOpen(true)}>
        {messages.write}
      </Button>
      {open && <WriteDialog {...props} close={() => setOpen(false)} />}
    </>
  );
}

/** What was said between a rater and the leads, and a field to go on. */
export function WriteDialog(props: { rater: string; name?: string; about?: string; close(): void }) {
  const { messages: words, common } = useDesk();
  const { project } = useProject();
  const say = useToast();
  const { rater, about } = props;
  const params = { project: project.id, rater };
  const [text, setText] = useState("");
  const loaded = useLoaded(() => call("listMessages", { params }), [rater]);
  // Whoever opens the conversation has read it.
  useEffect(() => {
    call("readMessages", { params }).catch(() => undefined);
  }, [rater]);
  const { busy, problem, run } = useAction(async () => {
    await call("writeToRater", { params, body: { text: text.trim(), ...(about && { item: about }) } });
    setText("");
    say(words.sent);
    loaded.reload();
  });
  return (
    <Dialog title={words.with(props.name ?? raterName(rater, common))} wide close={props.close}>
      <div class="stack">
        <Await loaded={loaded}>
          {({ messages }) =>
            messages.length === 0 ? <p class="quiet">{words.none}</p> : <Thread messages={messages} />
          }
        </Await>
        <form
          class="stack"
          onSubmit={(event) => {
            event.preventDefault();
            if (text.trim() !== "") run();
          }}
        >
          <TextArea
            label={about === undefined ? words.text : words.textAbout}
            hint={words.textHint}
            value={text}
            change={setText}
            rows={3}
            maxLength={4000}
          />
          <FormProblem problem={problem} />
          <div class="row row-end">
            <Button type="submit" look="primary" disabled={busy || text.trim() === ""}>
              {words.send}
            </Button>
          </div>
        </form>
      </div>
    </Dialog>
  );
}

function Thread({ messages }: { messages: readonly Message[] }) {
  const { messages: words } = useDesk();
  const { project } = useProject();
  const format = useFormat();
  return (
    <ol class="thread">
      {messages.map(({ id, author, text, item, sentAt, readAt }) => (
        <li key={id} class={`message message-${author}`}>
          <span class="quiet">
            {words.by[author]}, {format.moment(sentAt)}
            {item && (
              <>
                {" · "}
                <Link href={`/desk/${project.id}/items/${item}`}>{words.about}</Link>
              </>
            )}
            {author === "staff" && ` · ${readAt === undefined ? words.unread : words.read}`}
          </span>
          <Prose text={text} />
        </li>
      ))}
    </ol>
  );
}
