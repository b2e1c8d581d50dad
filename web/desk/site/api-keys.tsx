import { useState } from "preact/hooks";
import { call, type ResultOf } from "../../api/client.js";
import { useLoaded } from "../../ui/async.js";
import { Button } from "../../ui/button.js";
import { Dialog } from "../../ui/dialog.js";
import { Field } from "../../ui/field.js";
import { FormProblem } from "../../ui/form-problem.js";
import { Table } from "../../ui/table.js";
import { useDesk } from "../strings/index.js";
import { useAction } from "../ui/action.js";
import { Confirm } from "../ui/confirm.js";
import { useFormat } from "../ui/format.js";
import { OnceShown } from "../ui/once-shown.js";
import { Await } from "../ui/page.js";

type Key = ResultOf<"listKeys">["keys"][number];
type Scope = Key["scopes"][number];
type Role = ResultOf<"currentSession">["account"]["role"];

/** The scopes that are of use to each role. */
const SCOPES_OF: Readonly<Record<Role, readonly Scope[]>> = {
  rater: ["work", "read"],
  reviewer: ["work", "read", "review"],
  lead: ["work", "read", "write", "review", "export"],
  admin: ["work", "read", "write", "review", "export", "admin", "metrics"],
};

/** The account's API keys. */
export function ApiKeys({ role }: { role: Role }) {
  const { account: words, common } = useDesk();
  const format = useFormat();
  const loaded = useLoaded(() => call("listKeys", {}), []);
  const [making, setMaking] = useState(false);
  const [revoking, setRevoking] = useState<Key>();
  return (
    <section class="stack">
      <div class="row">
        <h2>{words.keys}</h2>
        <span class="row-gap" />
        <Button onClick={() => setMaking(true)}>{words.makeKey}</Button>
      </div>
      <p class="quiet">{words.keysText}</p>
      <Await loaded={loaded}>
        {({ keys }) =>
          keys.length === 0 ? (
            <p class="quiet">{words.keysNone}</p>
          ) : (
            <Table
              caption={words.keys}
              rows={keys}
              rowKey={({ id }) => id}
              columns={[
                { title: common.name, cell: ({ name }) => <span dir="auto">{name}</span> },
                { title: words.prefix, cell: ({ prefix }) => <code>{prefix}…</code> },
                { title: words.scopes, cell: ({ scopes }) => scopes.join(", ") },
                {
                  title: words.expires,
                  cell: ({ expiresAt }) => (expiresAt ? format.date(expiresAt) : words.forever),
                },
                {
                  title: "",
                  cell: (key) => (
                    <span class="row row-end">
                      <Button look="quiet" onClick={() => setRevoking(key)}>
                        {words.revoke}
                      </Button>
                    </span>
                  ),
                },
              ]}
            />
          )
        }
      </Await>
      {making && (
        <KeyDialog
          scopes={SCOPES_OF[role]}
          close={() => {
            setMaking(false);
            loaded.reload();
          }}
        />
      )}
      {revoking && (
        <Confirm
          title={words.revokeTitle(revoking.name)}
          action={words.revoke}
          danger
          close={() => setRevoking(undefined)}
          work={async () => {
            await call("revokeKey", { params: { key: revoking.id } });
            loaded.reload();
          }}
        >
          <p>{words.revokeText}</p>
        </Confirm>
      )}
    </section>
  );
}

function KeyDialog({ scopes, close }: { scopes: readonly Scope[]; close(): void }) {
  const { account: words } = useDesk();
  const [key, setKey] = useState<string>();
  const { busy, problem, run } = useAction(async (name: string, wanted: Scope[], days: string) => {
    const body = { name, scopes: wanted, ...(days !== "" && { days: Number(days) }) };
    setKey((await call("createKey", { body })).key);
  });
  return (
    <Dialog title={words.makeKey} close={close}>
      {key !== undefined ? (
        <OnceShown label={words.keys} hint={words.keyMade} text={key} />
      ) : (
        <form
          class="stack"
          onSubmit={(event) => {
            event.preventDefault();
            const given = new FormData(event.currentTarget);
            const wanted = scopes.filter((scope) => given.has(scope));
            run(String(given.get("name") ?? ""), wanted, String(given.get("days") ?? ""));
          }}
        >
          <Field label={words.keyName} name="name" required maxLength={200} />
          <fieldset class="presets">
            <legend>{words.scopes}</legend>
            {scopes.map((scope) => (
              <label key={scope} class="check">
                <input type="checkbox" name={scope} />
                <span>
                  <code>{scope}</code> {words.scopeNames[scope]}
                </span>
              </label>
            ))}
          </fieldset>
          <Field label={words.days} hint={words.daysHint} name="days" type="number" min={1} max={3650} />
          <FormProblem problem={problem} />
          <div class="row row-end">
            <Button type="submit" look="primary" disabled={busy}>
              {words.makeKey}
            </Button>
          </div>
        </form>
      )}
    </Dialog>
  );
}
