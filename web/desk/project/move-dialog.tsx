import { useState } from "preact/hooks";
import { call } from "../../api/client.js";
import { Field } from "../../ui/field.js";
import { useDesk } from "../strings/index.js";
import { Confirm } from "../ui/confirm.js";
import { useProject } from "./context.js";

/** Moves a rater to another group, or to none. */
export function MoveDialog(props: {
  member: { rater: string; group?: string | undefined };
  name: string;
  close(): void;
  done(): void;
}) {
  const { people } = useDesk();
  const { project } = useProject();
  const { member, name, close, done } = props;
  const [group, setGroup] = useState(member.group ?? "");
  return (
    <Confirm
      title={people.moveTitle(name)}
      action={people.move}
      close={close}
      work={async () => {
        const to = group.trim();
        await call("moveMember", {
          params: { project: project.id, rater: member.rater },
          body: to === "" ? {} : { group: to },
        });
        done();
      }}
    >
      <Field
        label={people.group}
        hint={people.groupHint}
        value={group}
        maxLength={200}
        onInput={(event) => setGroup(event.currentTarget.value)}
      />
    </Confirm>
  );
}
