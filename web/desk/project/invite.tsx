import { useState } from "preact/hooks";
import { call } from "../../api/client.js";
import { Button } from "../../ui/button.js";
import { Dialog } from "../../ui/dialog.js";
import { Field } from "../../ui/field.js";
import { FormProblem } from "../../ui/form-problem.js";
import { useDesk } from "../strings/index.js";
import { useAction } from "../ui/action.js";
import { OnceShown } from "../ui/once-shown.js";
import { Select } from "../ui/select.js";
import { useProject } from "./context.js";

const ROLES = ["rater", "reviewer"] as const;
const HOURS = ["24", "168", "720"] as const;
/** Most links made at once. */
const MAX_LINKS = 50;

/** Whether a link is for the machine that the server runs on. */
const isLocal = (link: string): boolean => /^(localhost|127(\.\d+){3}|\[::1\])$/.test(new URL(link).hostname);

/** Makes links, each valid for one person; they are shown only here. */
export function InviteDialog({ close }: { close(): void }) {
  const { people, begin } = useDesk();
  const { project } = useProject();
  const [role, setRole] = useState<(typeof ROLES)[number]>("rater");
  const [hours, setHours] = useState<(typeof HOURS)[number]>("168");
  const [links, setLinks] = useState<string[]>([]);
  const { busy, problem, run } = useAction(async (group: string, count: number) => {
    const body = { role, hours: Number(hours), ...(group !== "" && { group }) };
    for (let made = 0; made < count; made++) {
      const { link } = await call("inviteToProject", { params: { project: project.id }, body });
      setLinks((before) => [...before, link]);
    }
  });
  return (
    <Dialog title={people.inviteTitle} wide={links.length > 0} close={close}>
      {links.length > 0 ? (
        <>
          <OnceShown label={people.links} hint={people.linksOnce} text={links.join("\n")} />
          {isLocal(links[0]) && <p class="notice">{begin.local}</p>}
        </>
      ) : (
        <form
          class="stack"
          onSubmit={(event) => {
            event.preventDefault();
            const given = new FormData(event.currentTarget);
            run(String(given.get("group") ?? "").trim(), Number(given.get("count")));
          }}
        >
          <Select
            label={people.asRole}
            options={ROLES}
            names={people.inviteRoles}
            value={role}
            change={setRole}
          />
          {role === "rater" && (
            <Field label={people.group} hint={people.groupHint} name="group" maxLength={200} />
          )}
          <Field
            label={people.count}
            hint={people.countHint}
            name="count"
            type="number"
            min={1}
            max={MAX_LINKS}
            defaultValue="1"
            required
          />
          <Select
            label={people.hours}
            options={HOURS}
            names={people.hoursOptions}
            value={hours}
            change={setHours}
          />
          <FormProblem problem={problem} />
          <div class="row row-end">
            <Button type="submit" look="primary" disabled={busy}>
              {people.make}
            </Button>
          </div>
        </form>
      )}
    </Dialog>
  );
}
