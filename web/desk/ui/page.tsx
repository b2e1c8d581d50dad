import type { ComponentChildren } from "preact";
import { useEffect } from "preact/hooks";
import type { ApiProblem } from "../../api/problem.js";
import type { Loaded } from "../../ui/async.js";
import { Loading, ProblemState } from "../../ui/states.js";

/** A page's heading, its actions, and a sentence on its purpose. */
export function Heading({
  title,
  lead,
  children,
}: {
  title: string;
  lead?: string;
  children?: ComponentChildren;
}) {
  useEffect(() => {
    document.title = `${title} · Plumbline`;
  }, [title]);
  return (
    <header class="heading">
      <div class="heading-text">
        <h1>{title}</h1>
        {lead && <p class="quiet">{lead}</p>}
      </div>
      {children && <div class="row">{children}</div>}
    </header>
  );
}

/** Shows what was loaded; until then a note that it is loading, or the problem. */
export function Await<T>({
  loaded,
  children,
}: {
  loaded: Loaded<T>;
  children: (data: T) => ComponentChildren;
}) {
  const { data, problem, reload } = loaded;
  if (problem) return <ProblemState problem={problem as ApiProblem} retry={reload} />;
  return data === undefined ? <Loading /> : children(data);
}

/** A figure with its name and a note. */
export function Figure({ name, value, note }: { name: string; value: ComponentChildren; note?: string }) {
  return (
    <div class="figure">
      <dt>{name}</dt>
      <dd>
        <span class="figure-value">{value}</span>
        {note && <span class="quiet">{note}</span>}
      </dd>
    </div>
  );
}
