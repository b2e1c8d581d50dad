/** Projects, their guidelines, items, members and staff. */
import { z } from "zod";
import { AssignmentSettings } from "../../feedback/assign/settings.js";
import { ColumnChoices, ColumnQuestion, ReadColumn } from "../../feedback/exchange/columns/roles.js";
import { ROLES } from "../../feedback/store/accounts/index.js";
import { storedName } from "../../feedback/store/ids.js";
import {
  ITEM_STATES,
  MAX_ITEMS_AT_ONCE,
  MEMBER_STATES,
  NewItem,
  NewProject,
  PROJECT_STATES,
  type SettingsChange as StoredSettingsChange,
} from "../../feedback/store/index.js";
import { Answer, ItemContent, TaskDefinition } from "../../votes/tasks/index.js";
import { group } from "./accounts.js";
import { after, ids, inProject, limit, time } from "./common.js";
import { contract } from "./contract.js";

/** Most bytes of one import. */
const IMPORT_LIMIT = 64 * 1024 * 1024;

const leads = ["admin", "lead"] as const;
const judges = ["admin", "lead", "reviewer"] as const;
const write = { roles: leads, scope: "write", project: "staff" } as const;
const read = { roles: judges, scope: "read", project: "staff" } as const;
const see = { roles: ROLES, scope: "read", project: "member" } as const;

export const Project = z.object({
  id: ids.project,
  name: z.string(),
  state: z.enum(PROJECT_STATES),
  task: TaskDefinition,
  settings: AssignmentSettings.optional().describe(
    "Only for the project's staff: raters must not learn about gold items",
  ),
  guidelinesVersion: z.int(),
  createdAt: time,
});
/** Settings without their defaults: what is not given stays unchanged, and null lifts what need not be there. */
const SettingsChange = z.strictObject(
  Object.fromEntries(
    Object.entries(AssignmentSettings.shape).map(([name, field]) => [
      name,
      field instanceof z.ZodDefault
        ? field.unwrap().optional()
        : field.unwrap().nullable().optional().describe(`${field.description}; null: no longer`),
    ]),
  ),
) as unknown as z.ZodType<StoredSettingsChange>;
const tag = "Projects";

export const createProject = contract({
  id: "createProject",
  method: "post",
  path: "/projects",
  tag,
  summary: "Begin a project; its creator joins its staff.",
  access: { roles: leads, scope: "write" },
  body: NewProject.strict(),
  bodyLimit: 2 * 1024 * 1024,
  result: Project,
  status: 201,
});
export const listProjects = contract({
  id: "listProjects",
  method: "get",
  path: "/projects",
  tag,
  summary: "The projects that the account works in.",
  access: { roles: ROLES, scope: "read" },
  result: z.object({ projects: z.array(Project) }),
});
export const getProject = contract({
  id: "getProject",
  method: "get",
  path: "/projects/{project}",
  tag,
  summary: "One project.",
  access: see,
  params: inProject,
  result: Project,
});
export const changeProject = contract({
  id: "changeProject",
  method: "patch",
  path: "/projects/{project}",
  tag,
  summary: "Open, pause or close a project, or change how its items are handed out.",
  access: write,
  params: inProject,
  body: z.strictObject({
    state: z.enum(["open", "paused", "closed"]).optional(),
    settings: SettingsChange.optional(),
  }),
  result: Project,
});
export const deleteProject = contract({
  id: "deleteProject",
  method: "delete",
  path: "/projects/{project}",
  tag,
  summary: "Delete a project: nobody can work in it or see it any more; its votes and the audit log stay.",
  access: write,
  params: inProject,
});
export const listDeletedProjects = contract({
  id: "listDeletedProjects",
  method: "get",
  path: "/deleted-projects",
  tag,
  summary: "Projects that were deleted and not purged.",
  access: { roles: ["admin"], scope: "admin" },
  result: z.object({
    projects: z.array(
      z.object({ id: ids.project, name: z.string(), createdAt: time, items: z.int(), votes: z.int() }),
    ),
  }),
});
export const exportDeletedProject = contract({
  id: "exportDeletedProject",
  method: "get",
  path: "/deleted-projects/{project}",
  tag,
  summary: "All that a deleted project holds of work, raters by pseudonym; one line of JSON for each row.",
  access: { roles: ["admin"], scope: "export", project: "store" },
  params: inProject,
  lines: true,
  result: z.object({
    table: z.string(),
    row: z.record(z.string(), z.union([z.string(), z.number(), z.null()])),
  }),
});
export const purgeProject = contract({
  id: "purgeProject",
  method: "delete",
  path: "/deleted-projects/{project}",
  tag,
  summary:
    "Purge a deleted project: its items, votes and all else are deleted for good. The audit log keeps ids, times, settings and hashes.",
  access: { roles: ["admin"], scope: "session", project: "store" },
  params: inProject,
  result: z.object({ rows: z.int().describe("How many were deleted") }),
});
/** Hidden from raters: a count that one of their votes leaves as it was would tell them a gold item or a repeat. */
const ofStaff = z.int().optional();
export const getProgress = contract({
  id: "getProgress",
  method: "get",
  path: "/projects/{project}/progress",
  tag,
  summary: "How far a project is, for its staff, and the account's own share.",
  access: see,
  params: inProject,
  result: z.object({
    items: ofStaff.describe("Items to judge, without gold ones"),
    done: ofStaff.describe("Items with all the votes that were wanted"),
    votes: ofStaff,
    wanted: ofStaff,
    own: z.object({ votes: z.int(), today: z.int() }).optional(),
  }),
});

export const listActivity = contract({
  id: "listActivity",
  method: "get",
  path: "/projects/{project}/activity",
  tag,
  summary: "Votes on each day (UTC) on which there were any.",
  access: read,
  params: inProject,
  query: z.object({
    days: z.coerce
      .number()
      .pipe(z.int().min(1).max(3650))
      .default(30)
      .describe("How many days back, including today"),
  }),
  result: z.object({
    today: time.describe("Start of the current day"),
    days: z.array(z.object({ day: time.describe("Start of the day"), votes: z.int(), raters: z.int() })),
  }),
});

const Guidelines = z.object({ version: z.int(), text: z.string().describe("Markdown"), createdAt: time });
export const listGuidelines = contract({
  id: "listGuidelines",
  method: "get",
  path: "/projects/{project}/guidelines",
  tag,
  summary: "Versions of the guidelines, the newest first.",
  access: see,
  params: inProject,
  result: z.object({ guidelines: z.array(Guidelines) }),
});
export const publishGuidelines = contract({
  id: "publishGuidelines",
  method: "post",
  path: "/projects/{project}/guidelines",
  tag,
  summary: "Publish a new version of the guidelines; votes note which one they were cast under.",
  access: write,
  params: inProject,
  body: z.strictObject({
    text: z.string().max(200_000),
    after: z.int().min(1).describe("Newest version that the writer has seen; 409 if there is a newer one"),
  }),
  bodyLimit: 2 * 1024 * 1024,
  result: z.object({ version: z.int() }),
  status: 201,
});

const Item = z.object({
  id: ids.item,
  position: z.int(),
  content: ItemContent,
  gold: Answer.optional(),
  explanation: z.string().optional().describe("For a training item: why the gold answer is right"),
  audience: z.string().optional(),
  priority: z.number(),
  state: z.enum(ITEM_STATES),
  done: z.boolean().describe("Whether it is decided, or has all the votes wanted; false for gold items"),
  overlap: z.int(),
  votes: z.int(),
  leases: z.int(),
  asked: z.int().optional().describe("Votes that a lead asked for, before which early stopping waits"),
});
const OneItem = Item.extend({
  adjudication: z
    .object({
      answer: Answer,
      note: z.string().optional(),
      decidedBy: z.string().describe("As the audit log names who acts"),
      decidedAt: time,
    })
    .optional()
    .describe("What a lead decided: it is the item's result"),
});
export const importItems = contract({
  id: "importItems",
  method: "post",
  path: "/projects/{project}/items",
  tag: "Items",
  summary:
    "Add items, none of them if any is wrong. Many are added in pieces, between which raters are answered; where the database fails in between, the refusal says how many were added.",
  access: write,
  params: inProject,
  body: z.strictObject({ items: z.array(NewItem.strict()).min(1).max(MAX_ITEMS_AT_ONCE) }),
  bodyLimit: IMPORT_LIMIT,
  result: z.object({ ids: z.array(ids.item).describe("In the order given") }),
  status: 201,
});
export const importFile = contract({
  id: "importFile",
  method: "post",
  path: "/projects/{project}/imports",
  tag: "Items",
  summary:
    "Check a file of items, and with confirm add them: all of them, or none if any row is wrong or a column is asked about. Votes in it are counted but not added. What was said of columns is remembered with confirm.",
  access: write,
  params: inProject,
  body: z.strictObject({
    name: z
      .string()
      .min(1)
      .max(255)
      .describe("File name, whose ending gives the format: .jsonl, .ndjson, .json, .csv or .tsv"),
    text: z.string().describe("Content of the file"),
    columns: ColumnChoices.optional().describe(
      "What columns are; the others are read as their names say. Default: what was said of the project's last file with the same columns",
    ),
    confirm: z.boolean().default(false).describe("Add the items; otherwise it is only checked"),
  }),
  bodyLimit: IMPORT_LIMIT,
  result: z.object({
    source: z.string().describe("Tool that wrote the file, recognised by its fields"),
    items: z.int(),
    gold: z.int(),
    votes: z.int().describe("Votes in the file, which are not added"),
    columns: z.array(ReadColumn).describe("What each column is taken for; at most 200"),
    questions: z
      .array(ColumnQuestion)
      .describe("What has to be said with columns before anything can be read"),
    choices: ColumnChoices.describe("What was said of the columns, now or of an earlier file"),
    remembered: z.boolean().describe("Whether that was said of an earlier file"),
    warnings: z.array(z.string()).describe("What would be taken but may not be meant, with counts"),
    first: z.array(ItemContent).describe("The first few items, for a look"),
    problems: z.array(
      z.object({
        unit: z.enum(["line", "row"]).optional().describe("Absent if the whole file is wrong"),
        number: z.int().optional().describe("Counted from 1"),
        field: z.string().describe("Empty for the row itself"),
        problem: z.string(),
      }),
    ),
    problemCount: z.int().describe("At most the first thousand are listed"),
    added: z.int(),
  }),
});
export const listItems = contract({
  id: "listItems",
  method: "get",
  path: "/projects/{project}/items",
  tag: "Items",
  summary: "Items in the order in which they were added.",
  access: read,
  params: inProject,
  query: z.object({
    after,
    limit,
    state: z.enum(ITEM_STATES).optional(),
    gold: z
      .enum(["true", "false"])
      .transform((word) => word === "true")
      .optional()
      .describe("Gold items only, or none of them"),
    done: z
      .enum(["true", "false"])
      .transform((word) => word === "true")
      .optional()
      .describe("Items that are decided or have all the votes wanted, or the others"),
    search: storedName
      .optional()
      .describe("Text in the prompt or a response, ignoring case; or an item's id"),
  }),
  result: z.object({ items: z.array(Item), next: z.int().optional() }),
});
export const getItem = contract({
  id: "getItem",
  method: "get",
  path: "/projects/{project}/items/{item}",
  tag: "Items",
  summary: "One item.",
  access: read,
  params: inProject.extend({ item: ids.item }),
  result: OneItem,
});
export const withdrawItem = contract({
  id: "withdrawItem",
  method: "delete",
  path: "/projects/{project}/items/{item}",
  tag: "Items",
  summary: "Withdraw an item; votes on it stay.",
  access: write,
  params: inProject.extend({ item: ids.item }),
  body: z.strictObject({ reason: z.string().min(1).max(2000) }),
});
export const setPriorities = contract({
  id: "setPriorities",
  method: "put",
  path: "/projects/{project}/priorities",
  tag: "Items",
  summary: "Set the priorities of items; the highest are handed out first.",
  access: write,
  params: inProject,
  body: z.strictObject({
    priorities: z
      .array(z.strictObject({ item: ids.item, priority: z.number() }))
      .min(1)
      .max(MAX_ITEMS_AT_ONCE),
  }),
  bodyLimit: 2 * 1024 * 1024,
});

const Member = z.object({
  rater: ids.rater,
  group: z.string().optional(),
  state: z.enum(MEMBER_STATES).describe("excluded: votes do not count"),
  reason: z.string().optional().describe("Why paused or excluded"),
  name: z.string().optional().describe("Only for the project's leads"),
  login: z.string().optional().describe("Name to sign in with; only for the project's leads"),
  joinedAt: time,
});
export const listMembers = contract({
  id: "listMembers",
  method: "get",
  path: "/projects/{project}/members",
  tag: "People",
  summary: "The raters of a project.",
  access: { ...read, roles: leads },
  params: inProject,
  result: z.object({ members: z.array(Member) }),
});
export const moveMember = contract({
  id: "moveMember",
  method: "put",
  path: "/projects/{project}/members/{rater}",
  tag: "People",
  summary: "Move a rater of the project to another group, or back to none.",
  access: write,
  params: inProject.extend({ rater: ids.rater }),
  body: z.strictObject({ group: group.optional() }),
});
export const setMemberState = contract({
  id: "setMemberState",
  method: "put",
  path: "/projects/{project}/members/{rater}/state",
  tag: "People",
  summary:
    "Pause a rater (no new work), exclude one (whose votes then do not count), or reactivate one. The rater sees the reason.",
  access: write,
  params: inProject.extend({ rater: ids.rater }),
  body: z.strictObject({
    state: z.enum(MEMBER_STATES),
    reason: z.string().min(1).max(2000).optional().describe("Required to pause or exclude"),
  }),
});
export const removeMember = contract({
  id: "removeMember",
  method: "delete",
  path: "/projects/{project}/members/{rater}",
  tag: "People",
  summary: "End a rater's work in a project; votes stay.",
  access: write,
  params: inProject.extend({ rater: ids.rater }),
});
export const listStaff = contract({
  id: "listStaff",
  method: "get",
  path: "/projects/{project}/staff",
  tag: "People",
  summary: "Leads and reviewers of a project.",
  access: { ...read, roles: leads },
  params: inProject,
  result: z.object({
    staff: z.array(z.object({ account: ids.account, login: z.string(), role: z.enum(ROLES) })),
  }),
});
export const addStaff = contract({
  id: "addStaff",
  method: "put",
  path: "/projects/{project}/staff/{account}",
  tag: "People",
  summary: "Let a lead or reviewer work in a project.",
  access: { roles: ["admin"], scope: "admin", project: "staff" },
  params: inProject.extend({ account: ids.account }),
});
export const removeStaff = contract({
  id: "removeStaff",
  method: "delete",
  path: "/projects/{project}/staff/{account}",
  tag: "People",
  summary: "End a lead's or reviewer's work in a project.",
  access: write,
  params: inProject.extend({ account: ids.account }),
});
