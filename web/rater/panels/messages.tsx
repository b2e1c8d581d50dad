import { useEffect, useRef, useState } from "preact/hooks";
import { call, type ResultOf } from "../../api/client.js";
import { asProblem } from "../../api/problem.js";
import { useStrings } from "../../strings/index.js";
import { Button } from "../../ui/button.js";
import { Dialog } from "../../ui/dialog.js";
import { useToast } from "../../ui/toast.js";

type Message = ResultOf<"listOwnMessages">["messages"][number];

/** A word with the leads: what was said, and a field to ask. @param item what is on the screen, to ask about. */
export function MessagesDialog(props: {
  project: string;
  item: string | undefined;
  messages: readonly Message[];
  reload(): void;
  close(): void;
}) {
  const { project, item, messages, reload, close } = props;
  const { rate, problem } = useStrings();
  const say = useToast();
  const [text, setText] = useState("");
  const [about, setAbout] = useState(item !== undefined);
  const [busy, setBusy] = useState(false);
  const field = useRef<HTMLTextAreaElement>(null);
  const params = { project };
  useEffect(() => field.current?.focus(), []);
  // Whoever opens the conversation has read it.
  useEffect(() => {
    if (messages.some(({ author, readAt }) => author === "staff" && readAt === undefined))
      call("readOwnMessages", { params }).then(reload, () => undefined);
  }, []);
  const send = () => {
    setBusy(true);
    const body = { text: text.trim(), ...(about && item !== undefined && { item }) };
    call("writeToLeads", { params, body })
      .then(
        () => {
          setText("");
          say(rate.messageSent);
          reload();
        },
        (error: unknown) => say(problem.said(asProblem(error).message), "bad"),
      )
      .finally(() => setBusy(false));
  };
  return (
    <Dialog title={rate.messages} close={close}>
      <div class="stack">
        {messages.length === 0 && <p class="quiet">{rate.messagesNone}</p>}
        <ol class="thread">
          {messages.map(({ id, author, text, item: of, readAt }) => (
            <li key={id} class={`message message-${author}`}>
              <span class="quiet">
                {rate.messageBy[author]}
                {of !== undefined && ` · ${of === item ? rate.messageThis : rate.messageOther}`}
                {author === "rater" && readAt !== undefined && ` · ${rate.messageRead}`}
              </span>
              <p dir="auto">{text}</p>
            </li>
          ))}
        </ol>
        <form
          class="stack"
          onSubmit={(event) => {
            event.preventDefault();
            if (text.trim() !== "" && !busy) send();
          }}
        >
          <label class="field">
            <span>{rate.messageText}</span>
            <textarea
              ref={field}
              class="text-area"
              rows={3}
              maxLength={4000}
              dir="auto"
              value={text}
              onInput={(event) => setText(event.currentTarget.value)}
            />
          </label>
          {item !== undefined && (
            <label class="row">
              <input
                type="checkbox"
                checked={about}
                onChange={(event) => setAbout(event.currentTarget.checked)}
              />
              <span>{rate.messageAbout}</span>
            </label>
          )}
          <div class="row row-end">
            <Button type="submit" look="primary" disabled={busy || text.trim() === ""}>
              {rate.messageSend}
            </Button>
          </div>
        </form>
      </div>
    </Dialog>
  );
}
