import { addStaff, listStaff, removeStaff } from "../../feedback/store/accounts/index.js";
import {
  leaveProject,
  listMembers,
  memberNames,
  moveMember,
  setMemberState,
} from "../../feedback/store/index.js";
import { projects as contract } from "../contract/index.js";
import { endpoint } from "../endpoint.js";

export const peopleRoutes = [
  endpoint(contract.listMembers, async (_request, { store, project }) => {
    const members = await listMembers(store, project.id);
    const names = await memberNames(store, project.id);
    return { members: members.map((member) => ({ ...member, ...names.get(member.rater) })) };
  }),
  endpoint(
    contract.moveMember,
    async ({ params: { rater }, body: { group } }, { store, project, principal }) => {
      await moveMember(store, { project: project.id, rater, group }, principal.actor);
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
  endpoint(contract.listStaff, async (_request, { store, project }) => ({
    staff: await listStaff(store, project.id),
  })),
  endpoint(contract.addStaff, async ({ params }, { store, project, principal }) => {
    await addStaff(store, project.id, params.account, principal.actor);
    return undefined;
  }),
  endpoint(contract.removeStaff, async ({ params }, { store, project, principal }) => {
    await removeStaff(store, project.id, params.account, principal.actor);
    return undefined;
  }),
];
