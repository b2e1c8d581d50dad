import { call, type ResultOf } from "../../api/client.js";
import { Button } from "../../ui/button.js";
import { Table } from "../../ui/table.js";
import { useToast } from "../../ui/toast.js";
import { useDesk } from "../strings/index.js";
import { useFormat } from "./format.js";

type Invitation = ResultOf<"listInvitations">["invitations"][number];

/** The invitations that somebody can still accept, each with a button that withdraws it. */
export function Invitations(props: {
  invitations: readonly Invitation[];
  /** Where an invitation is withdrawn: of a project, or of all. */
  project?: string;
  /** Names of accounts by id, to say who made an invitation. */
  names?: ReadonlyMap<string, string>;
  reload(): void;
}) {
  const { people, common } = useDesk();
  const { project, names, reload } = props;
  const format = useFormat();
  const say = useToast();
  const open = props.invitations.filter(({ usedAt, expiresAt }) => !usedAt && expiresAt > Date.now());
  const withdraw = (invitation: string) =>
    (project === undefined
      ? call("withdrawAnyInvitation", { params: { invitation } })
      : call("withdrawInvitation", { params: { project, invitation } })
    ).then(
      () => say(people.withdrawn),
      (error: Error) => say(error.message, "bad"),
    );
  const maker = ({ createdBy }: Invitation) => names?.get(createdBy.replace(/^.*:/, "")) ?? createdBy;
  return (
    <section class="stack">
      <h2>{people.invitations}</h2>
      {open.length === 0 ? (
        <p class="quiet">{people.invitationsNone}</p>
      ) : (
        <Table
          caption={people.invitations}
          rows={open}
          rowKey={({ id }) => id}
          columns={[
            { title: common.role, cell: ({ role }) => common.roles[role] },
            { title: common.group, cell: ({ group }) => group ?? "" },
            ...(names === undefined ? [] : [{ title: people.invitedBy, cell: maker }]),
            { title: common.created, cell: ({ createdAt }) => format.moment(createdAt) },
            { title: people.expires, cell: ({ expiresAt }) => format.moment(expiresAt) },
            {
              title: "",
              cell: ({ id }) => (
                <span class="row row-end">
                  <Button look="quiet" onClick={() => withdraw(id).then(reload)}>
                    {people.withdraw}
                  </Button>
                </span>
              ),
            },
          ]}
        />
      )}
    </section>
  );
}
