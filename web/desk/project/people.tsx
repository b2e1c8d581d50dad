import { useState } from "preact/hooks";
import { call, type ResultOf } from "../../api/client.js";
import { Link } from "../../router.js";
import { useSession } from "../../session.js";
import { useLoaded } from "../../ui/async.js";
import { Button } from "../../ui/button.js";
import { Empty } from "../../ui/states.js";
import { Table } from "../../ui/table.js";
import { useDesk } from "../strings/index.js";
import { Confirm } from "../ui/confirm.js";
import { useFormat } from "../ui/format.js";
import { Invitations } from "../ui/invitations.js";
import { Await, Heading } from "../ui/page.js";
import { useProject } from "./context.js";
import { InviteDialog } from "./invite.js";
import { MoveDialog } from "./move-dialog.js";
import { raterName } from "./rater-name.js";
import { StopButtons } from "./stop-rater.js";
import { WriteButton } from "./verbs/write.js";

type Member = ResultOf<"listMembers">["members"][number];

export function PeoplePage() {
  const { people, tabs } = useDesk();
  const { project } = useProject();
  const params = { project: project.id };
  const loaded = useLoaded(
    () =>
      Promise.all([
        call("listMembers", { params }),
        call("listStaff", { params }),
        call("listInvitations", { params }),
      ]),
    [project.id],
  );
  const [inviting, setInviting] = useState(false);
  return (
    <>
      <Heading title={tabs.people} lead={people.lead}>
        <Button look="primary" onClick={() => setInviting(true)}>
          {people.invite}
        </Button>
      </Heading>
      <Await loaded={loaded}>
        {([{ members }, { staff }, { invitations }]) => (
          <>
            <Members members={members} reload={loaded.reload} />
            <Staff staff={staff} reload={loaded.reload} />
            <Invitations invitations={invitations} project={project.id} reload={loaded.reload} />
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
    </>
  );
}

function Members({ members, reload }: { members: readonly Member[]; reload(): void }) {
  const { people, common } = useDesk();
  const { project } = useProject();
  const format = useFormat();
  const [moving, setMoving] = useState<Member>();
  const [removing, setRemoving] = useState<Member>();
  const nameOf = ({ name, login, rater }: Member) => name ?? login ?? raterName(rater, common);
  return (
    <section class="stack">
      <h2>{people.members}</h2>
      {members.length === 0 ? (
        <Empty title={people.membersNone}>
          <p>{people.membersHint}</p>
        </Empty>
      ) : (
        <Table
          caption={people.members}
          rows={members}
          rowKey={({ rater }) => rater}
          columns={[
            {
              title: common.name,
              cell: (member) => (
                <>
                  <span dir="auto">{member.name ?? member.login ?? people.noName}</span>
                  {member.name && member.login && <span class="quiet"> ({member.login})</span>}
                  <br />
                  <Link class="quiet" href={`/desk/${project.id}/raters/${member.rater}`}>
                    {raterName(member.rater, common)}
                  </Link>
                </>
              ),
            },
            { title: common.group, cell: ({ group }) => group ?? "" },
            {
              title: common.state,
              cell: ({ state, reason }) => (
                <span class={state === "active" ? "tag tag-good" : "tag tag-held"} title={reason}>
                  {people.states[state]}
                </span>
              ),
            },
            { title: people.joined, cell: ({ joinedAt }) => format.date(joinedAt) },
            {
              title: "",
              cell: (member) => (
                <span class="row row-end nowrap">
                  <WriteButton rater={member.rater} name={nameOf(member)} quiet />
                  <StopButtons
                    rater={member.rater}
                    state={member.state}
                    name={nameOf(member)}
                    done={reload}
                  />
                  <Button look="quiet" onClick={() => setMoving(member)}>
                    {people.move}
                  </Button>
                  <Button look="quiet" onClick={() => setRemoving(member)}>
                    {people.remove}
                  </Button>
                </span>
              ),
            },
          ]}
        />
      )}
      {moving && (
        <MoveDialog member={moving} name={nameOf(moving)} close={() => setMoving(undefined)} done={reload} />
      )}
      {removing && (
        <Confirm
          title={people.removeTitle(nameOf(removing))}
          action={people.remove}
          danger
          close={() => setRemoving(undefined)}
          work={async () => {
            await call("removeMember", { params: { project: project.id, rater: removing.rater } });
            reload();
          }}
        >
          <p>{people.removeText}</p>
        </Confirm>
      )}
    </section>
  );
}

function Staff({ staff, reload }: { staff: ResultOf<"listStaff">["staff"]; reload(): void }) {
  const { people, common } = useDesk();
  const { account } = useSession();
  const { project } = useProject();
  const [removing, setRemoving] = useState<(typeof staff)[number]>();
  return (
    <section class="stack">
      <h2>{people.staff}</h2>
      <Table
        caption={people.staffText}
        rows={staff}
        rowKey={(one) => one.account}
        columns={[
          {
            title: common.name,
            cell: (one) => (
              <>
                {one.login} {one.account === account?.id && <span class="quiet">({common.you})</span>}
              </>
            ),
          },
          { title: common.role, cell: ({ role }) => common.roles[role] },
          {
            title: "",
            cell: (one) => (
              <span class="row row-end">
                {one.account !== account?.id && (
                  <Button look="quiet" onClick={() => setRemoving(one)}>
                    {people.remove}
                  </Button>
                )}
              </span>
            ),
          },
        ]}
      />
      {removing && (
        <Confirm
          title={people.removeStaffTitle(removing.login)}
          action={people.remove}
          danger
          close={() => setRemoving(undefined)}
          work={async () => {
            await call("removeStaff", { params: { project: project.id, account: removing.account } });
            reload();
          }}
        >
          <p>{people.removeStaffText}</p>
        </Confirm>
      )}
    </section>
  );
}
