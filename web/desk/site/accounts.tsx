import { useState } from "preact/hooks";
import { call, type ResultOf } from "../../api/client.js";
import { useSession } from "../../session.js";
import { useLoaded } from "../../ui/async.js";
import { Button } from "../../ui/button.js";
import { Dialog } from "../../ui/dialog.js";
import { FormProblem } from "../../ui/form-problem.js";
import { Table } from "../../ui/table.js";
import { useDesk } from "../strings/index.js";
import { useAction } from "../ui/action.js";
import { Confirm } from "../ui/confirm.js";
import { useFormat } from "../ui/format.js";
import { Invitations } from "../ui/invitations.js";
import { OnceShown } from "../ui/once-shown.js";
import { Await, Heading } from "../ui/page.js";
import { Select } from "../ui/select.js";

type Account = ResultOf<"listAccounts">["accounts"][number];
const ROLES = ["rater", "reviewer", "lead", "admin"] as const;

/** All accounts, for admins. */
export function AccountsPage() {
  const { accounts: words, common } = useDesk();
  const { account } = useSession();
  const format = useFormat();
  const loaded = useLoaded(() => Promise.all([call("listAccounts", {}), call("listAllInvitations", {})]), []);
  const [inviting, setInviting] = useState(false);
  const [changing, setChanging] = useState<Account>();
  const [forgetting, setForgetting] = useState<Account>();
  return (
    <>
      <Heading title={words.title} lead={words.lead}>
        <Button look="primary" onClick={() => setInviting(true)}>
          {words.invite}
        </Button>
      </Heading>
      <Await loaded={loaded}>
        {([{ accounts }, { invitations }]) => (
          <>
            <Table
              caption={words.title}
              rows={accounts}
              rowKey={({ id }) => id}
              columns={[
                {
                  title: words.login,
                  cell: ({ id, login }) => (
                    <>
                      {login} {id === account?.id && <span class="quiet">({common.you})</span>}
                    </>
                  ),
                },
                { title: common.role, cell: ({ role }) => common.roles[role] },
                {
                  title: common.state,
                  cell: ({ state }) => (
                    <span class={state === "active" ? "tag tag-good" : "tag tag-rejected"}>
                      {words[state]}
                    </span>
                  ),
                },
                { title: words.codes, cell: ({ oneTimeCodes }) => (oneTimeCodes ? common.yes : common.no) },
                { title: common.created, cell: ({ createdAt }) => format.date(createdAt) },
                {
                  title: "",
                  cell: (one) => (
                    <span class="row row-end nowrap">
                      <Button look="quiet" onClick={() => setChanging(one)}>
                        {words.change}
                      </Button>
                      <Button look="quiet" onClick={() => setForgetting(one)}>
                        {words.forget}
                      </Button>
                    </span>
                  ),
                },
              ]}
            />
            <Invitations
              invitations={invitations}
              names={new Map(accounts.map(({ id, login }) => [id, login]))}
              reload={loaded.reload}
            />
          </>
        )}
      </Await>
      {inviting && (
        <InviteDialog
          close={() => {
            setInviting(false);
            loaded.reload();
          }}
        />
      )}
      {changing && (
        <ChangeDialog account={changing} close={() => setChanging(undefined)} done={loaded.reload} />
      )}
      {forgetting && (
        <Confirm
          title={words.forgetTitle(forgetting.login)}
          action={words.forget}
          danger
          close={() => setForgetting(undefined)}
          work={async () => {
            await call("forgetRater", { params: { rater: forgetting.rater } });
            loaded.reload();
          }}
        >
          <p>{words.forgetText}</p>
        </Confirm>
      )}
    </>
  );
}

function InviteDialog({ close }: { close(): void }) {
  const { accounts: words, common, people } = useDesk();
  const [role, setRole] = useState<(typeof ROLES)[number]>("lead");
  const [link, setLink] = useState<string>();
  const { busy, problem, run } = useAction(async () => {
    setLink((await call("inviteAccount", { body: { role } })).link);
  });
  return (
    <Dialog title={words.invite} close={close}>
      {link !== undefined ? (
        <OnceShown label={people.links} hint={people.linksOnce} text={link} />
      ) : (
        <>
          <p>{words.inviteText}</p>
          <Select label={common.role} options={ROLES} names={common.roles} value={role} change={setRole} />
          <FormProblem problem={problem} />
          <div class="row row-end">
            <Button look="primary" disabled={busy} onClick={() => run()}>
              {people.make}
            </Button>
          </div>
        </>
      )}
    </Dialog>
  );
}

function ChangeDialog(props: { account: Account; close(): void; done(): void }) {
  const { accounts: words, common } = useDesk();
  const { account, close, done } = props;
  const [role, setRole] = useState(account.role);
  const [shutOut, setShutOut] = useState(account.state === "disabled");
  const [codesOff, setCodesOff] = useState(false);
  return (
    <Confirm
      title={words.changeTitle(account.login)}
      action={words.change}
      close={close}
      work={async () => {
        const state = shutOut ? "disabled" : "active";
        await call("changeAccount", {
          params: { account: account.id },
          body: {
            ...(role !== account.role && { role }),
            ...(state !== account.state && { state }),
            ...(codesOff && { oneTimeCodes: false }),
          },
        });
        done();
      }}
    >
      <p>{words.changeText}</p>
      <Select label={common.role} options={ROLES} names={common.roles} value={role} change={setRole} />
      <label class="check">
        <input
          type="checkbox"
          checked={shutOut}
          onChange={(event) => setShutOut(event.currentTarget.checked)}
        />
        <span>{words.shutOut}</span>
      </label>
      {account.oneTimeCodes && (
        <label class="check">
          <input
            type="checkbox"
            checked={codesOff}
            onChange={(event) => setCodesOff(event.currentTarget.checked)}
          />
          <span>{words.codesOff}</span>
        </label>
      )}
    </Confirm>
  );
}
