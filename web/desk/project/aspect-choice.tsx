import { aspectsOrKind } from "../../task-kinds.js";
import { useDesk } from "../strings/index.js";
import { Select } from "../ui/select.js";
import { useProject } from "./context.js";

/** Chooses the aspect to show, if there are several. */
export function AspectChoice({ value, change }: { value: string; change(aspect: string): void }) {
  const { raters } = useDesk();
  const { project } = useProject();
  const aspects = aspectsOrKind(project.task);
  if (aspects.length < 2) return null;
  const names = Object.fromEntries(aspects.map((aspect) => [aspect, aspect]));
  return <Select label={raters.aspect} options={aspects} names={names} value={value} change={change} />;
}
