/** Where a node belongs in a network: names it in profiles and in a runtime's errors, and has no other effect. */
export interface Scope {
  /** Parts from the outside in, such as "layers.3/mlp/gate_proj"; "" outside every `scoped` call. */
  readonly path: string;
  /** Whether the node is part of the gradient of what is at that path. */
  readonly backward: boolean;
}

let current: Scope = { path: "", backward: false };

/** The scope of a node that is created now. */
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

/** Nodes that `build` creates belong to a part of the current scope: "mlp" in "layers.3" is "layers.3/mlp". */
export const scoped = <R>(part: string, build: () => R): R =>
  at({ ...current, path: current.path === "" ? part : `${current.path}/${part}` }, build);

/** Nodes that `build` creates are gradients of what is in that scope. */
export const differentiating = <R>({ path }: Scope, build: () => R): R => at({ path, backward: true }, build);
