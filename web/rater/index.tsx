import { TopBar } from "../ui/top-bar.js";

/** A rater's page of one project. */
export function Rater({ project }: { project: string }) {
  return <TopBar title={project} />;
}
