/** Where in a network a node belongs: it names the node in profiles and in a runtime's errors, and changes nothing. */
export interface Place {
  /** Parts from the outside in, such as "layers.3/mlp/gate_proj"; "" where nobody said. */
  readonly path: string;
  /** Whether the node was made to differentiate what is there. */
  readonly backward: boolean;
}

let current: Place = { path: "", backward: false };

/** The place of a node that is made now. */
export const currentPlace = (): Place => current;

function at<R>(place: Place, build: () => R): R {
  const outside = current;
  current = place;
  try {
    return build();
  } finally {
    current = outside;
  }
}

/** What `build` makes belongs to a part of the current place: "mlp" of "layers.3" is "layers.3/mlp". */
export const within = <R>(part: string, build: () => R): R =>
  at({ ...current, path: current.path === "" ? part : `${current.path}/${part}` }, build);

/** What `build` makes differentiates what is at that place. */
export const differentiating = <R>({ path }: Place, build: () => R): R => at({ path, backward: true }, build);
