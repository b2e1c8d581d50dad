/** Where in a network a node belongs: it names the node in profiles and in a runtime's errors, and changes nothing. */
export interface Scope {
  /** Parts from the outside in, such as "layers.3/mlp/gate_proj"; "" where nobody said. */
  readonly path: string;
  /** Whether the node was made to differentiate what is there. */
  readonly backward: boolean;
}

let current: Scope = { path: "", backward: false };

/** The place of a node that is made now. */
export const currentScope = (): Scope => current;

function at<R>(scope: Scope, build: () => R): R {
  const outside = current;
  current = scope;
  try {
    return build();
  } finally {
    current = outside;
  }
}

/** What `build` makes belongs to a part of the current place: "mlp" of "layers.3" is "layers.3/mlp". */
export const scoped = <R>(part: string, build: () => R): R =>
  at({ ...current, path: current.path === "" ? part : `${current.path}/${part}` }, build);

/** What `build` makes differentiates what is at that place. */
export const differentiating = <R>({ path }: Scope, build: () => R): R => at({ path, backward: true }, build);
