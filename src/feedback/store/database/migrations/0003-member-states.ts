import type { Migration } from "./migration.js";

/** Why a rater is paused or excluded. */
export const memberStates: Migration = {
  name: "0003-member-states",
  tables: [],
  async up({ schema }) {
    await schema.alterTable("memberships").addColumn("state_reason", "text").execute();
  },
};
