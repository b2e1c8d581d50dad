import { useState } from "preact/hooks";
import { call, type ResultOf } from "../../api/client.js";
import { useSession } from "../../session.js";
import { useLoaded } from "../../ui/async.js";
import { Button } from "../../ui/button.js";
import { Field } from "../../ui/field.js";
import { useForm } from "../../ui/form.js";
import { FormProblem } from "../../ui/form-problem.js";
import { Table } from "../../ui/table.js";
import { useToast } from "../../ui/toast.js";
import { useDesk } from "../strings/index.js";
import { useFormat } from "../ui/format.js";
import { Await, Heading } from "../ui/page.js";
import { ApiKeys } from "./api-keys.js";

/** The settings that people can change for their own account. */
export function AccountPage() {
  const { account: words, common } = useDesk();
  const { account } = useSession();
  if (account === undefined) return null;
  return (
    <>
      <Heading title={words.title} lead={words.lead(account.login, common.roles[account.role])} />
      <Password />
      <Codes />
      <Sessions />
      <ApiKeys role={account.role} />
    </>
  );
}

function Password() {
  const { account: words } = useDesk();
  const say = useToast();
  const [turn, setTurn] = useState(0);
  const { busy, problem, submit } = useForm(async ({ current, next, revokeKeys }) => {
    await call("changePassword", { body: { current, next, revokeKeys: revokeKeys === "on" } });
    setTurn(turn + 1);
    say(words.passwordChanged);
  });
  return (
    <form key={turn} class="card stack" onSubmit={submit}>
      <h2>{words.password}</h2>
      <Field
        label={words.current}
        name="current"
        type="password"
        required
        maxLength={200}
        autocomplete="current-password"
      />
      <Field
        label={words.next}
        hint={words.nextHint}
        name="next"
        type="password"
        required
        minLength={12}
        maxLength={200}
        autocomplete="new-password"
      />
      <label class="check">
        <input type="checkbox" name="revokeKeys" />
        <span>{words.revokeKeys}</span>
      </label>
      <FormProblem problem={problem} />
      <div class="row">
        <Button type="submit" disabled={busy}>
          {words.changePassword}
        </Button>
      </div>
    </form>
  );
}

/** One-time codes: the secret is shown once, and codes are required only after a first one was right. */
function Codes() {
  const { account: words } = useDesk();
  const say = useToast();
  const session = useLoaded(() => call("currentSession", {}), []);
  const [begun, setBegun] = useState<ResultOf<"beginOneTimeCodes">>();
  const on = session.data?.account.oneTimeCodes ?? false;
  const turn = useForm(async ({ password }) => {
    if (!on) return setBegun(await call("beginOneTimeCodes", { body: { password } }));
    await call("endOneTimeCodes", { body: { password } });
    say(words.codesEnded);
    session.reload();
  });
  const confirm = useForm(async ({ code }) => {
    await call("confirmOneTimeCodes", { body: { code: code.trim() } });
    setBegun(undefined);
    say(words.codesConfirmed);
    session.reload();
  });
  return (
    <section class="card stack">
      <h2>{words.codes}</h2>
      <p>{on ? words.codesOn : words.codesOff}</p>
      {begun === undefined ? (
        <form key={String(on)} class="stack" onSubmit={turn.submit}>
          <Field
            label={words.current}
            name="password"
            type="password"
            required
            maxLength={200}
            autocomplete="current-password"
          />
          <FormProblem problem={turn.problem} />
          <div class="row">
            <Button type="submit" disabled={turn.busy}>
              {on ? words.end : words.begin}
            </Button>
          </div>
        </form>
      ) : (
        <form class="stack" onSubmit={confirm.submit}>
          <p>{words.secret}</p>
          <Field label={words.secretLabel} value={begun.secret} readOnly class="mono" />
          <p>
            <a href={begun.uri}>{words.secretLink}</a>
          </p>
          <Field
            label={words.code}
            name="code"
            required
            inputMode="numeric"
            pattern="[0-9]{6}"
            autocomplete="one-time-code"
          />
          <FormProblem problem={confirm.problem} />
          <div class="row">
            <Button type="submit" look="primary" disabled={confirm.busy}>
              {words.confirm}
            </Button>
          </div>
        </form>
      )}
    </section>
  );
}

function Sessions() {
  const { account: words } = useDesk();
  const format = useFormat();
  const say = useToast();
  const loaded = useLoaded(() => call("listSessions", {}), []);
  return (
    <section class="stack">
      <h2>{words.sessions}</h2>
      <p class="quiet">{words.sessionsText}</p>
      <Await loaded={loaded}>
        {({ sessions }) => (
          <Table
            caption={words.sessions}
            rows={sessions}
            rowKey={({ id }) => id}
            columns={[
              { title: words.client, cell: ({ client }) => <span class="cut">{client ?? "–"}</span> },
              { title: words.seen, cell: ({ seenAt }) => format.moment(seenAt) },
              { title: words.expires, cell: ({ expiresAt }) => format.moment(expiresAt) },
              {
                title: "",
                cell: ({ id, current }) => (
                  <span class="row row-end">
                    {current ? (
                      <span class="tag">{words.current_}</span>
                    ) : (
                      <Button
                        look="quiet"
                        onClick={() =>
                          call("endSession", { params: { session: id } }).then(
                            loaded.reload,
                            (error: Error) => say(error.message, "bad"),
                          )
                        }
                      >
                        {words.endSession}
                      </Button>
                    )}
                  </span>
                ),
              },
            ]}
          />
        )}
      </Await>
    </section>
  );
}
