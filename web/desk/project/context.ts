/** The project that the page is about, and what the account may do in it. */
import { createContext } from "preact";
import { useContext } from "preact/hooks";
import type { ResultOf } from "../../api/client.js";

export type Project = ResultOf<"getProject">;

export interface ProjectState {
  project: Project;
  /** Leads and admins; reviewers see, and decide on held votes. */
  leads: boolean;
  /** After the project itself was changed. */
  changed(): void;
}

export const ProjectContext = createContext<ProjectState | undefined>(undefined);

export function useProject(): ProjectState {
  const state = useContext(ProjectContext);
  if (state === undefined) throw new Error("useProject outside of a project's pages");
  return state;
}

/** What is asked of raters, each apart. */
export const aspectsOf = ({ task }: Project): string[] =>
  task.kind === "pairwise" || task.kind === "likert" ? task.aspects : [task.kind];
