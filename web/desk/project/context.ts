/** The page's project, and what the account may do in it. */
import { createContext } from "preact";
import { useContext } from "preact/hooks";
import type { ResultOf } from "../../api/client.js";

export type Project = ResultOf<"getProject">;

export interface ProjectState {
  project: Project;
  /** Whether the account is a lead or an admin. Reviewers can only look, and decide on held votes. */
  leads: boolean;
  /** To be called after the project itself was changed. */
  changed(): void;
}

export const ProjectContext = createContext<ProjectState | undefined>(undefined);

export function useProject(): ProjectState {
  const state = useContext(ProjectContext);
  if (state === undefined) throw new Error("useProject outside of a project's pages");
  return state;
}
