import { joinProject, leaveProject, listMembers, setMemberState } from "../../feedback/store/index.js";
import { findAccount } from "../accounts/accounts.js";
import { projects as contract, type Role } from "../contract/index.js";
import { endpoint } from "../endpoint.js";
import { RequestError } from "../http/request-error.js";

export const peopleRoutes = [
  endpoint(contract.listMembers, async (_request, { store, project }) => {
    const members = await listMembers(store, project.id);
    const people = await store.db
      .selectFrom("people")
      .innerJoin("memberships", "memberships.rater_id", "people.rater_id")
      .select(["people.rater_id", "people.name"])
      .where("memberships.project_id", "=", project.id)
      .execute();
    const names = new Map(people.map(({ rater_id, name }) => [rater_id, name]));
    return {
      members: members.map((member) => {
        const name = names.get(member.rater);
        return { ...member, ...(name && { name }) };
      }),
    };
  }),
  endpoint(
    contract.moveMember,
    async ({ params: { rater }, body: { group } }, { store, project, principal }) => {
      const members = await listMembers(store, project.id);
      if (!members.some((member) => member.rater === rater))
        throw new RequestError(404, `${rater} is not in the project.`);
      await joinProject(store, { project: project.id, rater, group }, principal.actor);
      return undefined;
    },
  ),
  endpoint(contract.setMemberState, async ({ params: { rater }, body }, { store, project, principal }) => {
    await setMemberState(store, { project: project.id, rater, ...body }, principal.actor);
    return undefined;
  }),
  endpoint(contract.removeMember, async ({ params: { rater } }, { store, project, principal }) => {
    await leaveProject(store, project.id, rater, principal.actor);
    return undefined;
  }),
  endpoint(contract.listStaff, async (_request, { store, project }) => {
    const rows = await store.db
      .selectFrom("staff")
      .innerJoin("accounts", "accounts.id", "staff.account_id")
      .select(["accounts.id", "accounts.login", "accounts.role"])
      .where("staff.project_id", "=", project.id)
      .orderBy("staff.created_at")
      .orderBy("accounts.id")
      .execute();
    return { staff: rows.map(({ id, login, role }) => ({ account: id, login, role: role as Role })) };
  }),
  endpoint(contract.addStaff, async ({ params }, { store, project, principal }) => {
    await store.write(async ({ db, now, audit }) => {
      const { role } = await findAccount(db, params.account);
      if (role === "rater")
        throw new RequestError(409, "A rater is no staff.", { hint: "Change the account's role first." });
      await db
        .insertInto("staff")
        .values({ project_id: project.id, account_id: params.account, created_at: now })
        .onConflict((conflict) => conflict.doNothing())
        .execute();
      audit(principal.actor, "staff.joined", params.account, { project: project.id });
    });
    return undefined;
  }),
  endpoint(contract.removeStaff, async ({ params }, { store, project, principal }) => {
    await store.write(async ({ db, audit }) => {
      const gone = await db
        .deleteFrom("staff")
        .where("project_id", "=", project.id)
        .where("account_id", "=", params.account)
        .executeTakeFirst();
      if (gone.numDeletedRows === 0n)
        throw new RequestError(404, `${params.account} is not of the project's staff.`);
      audit(principal.actor, "staff.left", params.account, { project: project.id });
    });
    return undefined;
  }),
];
