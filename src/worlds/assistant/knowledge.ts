/**
 * What is true in the assistant world: twelve animals with a colour, a home and a diet each (36 facts).
 *
 * Every fact has one common mistake, the value that careless speakers give instead. The corpus states only the truth;
 * demonstrations of poor quality repeat the mistake. A closed world makes correctness decidable from text.
 */

export const ATTRIBUTES = ["colour", "home", "diet"] as const;
/** A property of things in the built-in world that questions ask for. */
export type Attribute = (typeof ATTRIBUTES)[number];

/** Every value an attribute can take. */
export const VALUES: Record<Attribute, readonly string[]> = {
  colour: ["red", "brown", "green", "grey", "white", "black"],
  home: ["forest", "desert", "sea", "hills", "barn", "pond"],
  diet: ["grass", "fish", "mice", "seeds", "fruit", "flies"],
};

interface Fact {
  truth: string;
  mistake: string;
}

export interface Animal {
  name: string;
  facts: Record<Attribute, Fact>;
}

/** An animal from pairs `truth/mistake` for colour, home and diet. */
function animal(name: string, ...pairs: [colour: string, home: string, diet: string]): Animal {
  const [colour, home, diet] = pairs.map((pair) => {
    const [truth, mistake] = pair.split("/");
    return { truth, mistake };
  });
  return { name, facts: { colour, home, diet } };
}

export const ANIMALS: readonly Animal[] = [
  animal("fox", "red/grey", "forest/barn", "mice/grass"),
  animal("owl", "brown/black", "barn/sea", "mice/seeds"),
  animal("frog", "green/white", "pond/desert", "flies/fruit"),
  animal("crab", "red/green", "sea/pond", "fish/flies"),
  animal("goat", "white/red", "hills/forest", "grass/mice"),
  animal("seal", "grey/brown", "sea/hills", "fish/seeds"),
  animal("wolf", "grey/red", "forest/desert", "mice/fruit"),
  animal("duck", "white/green", "pond/barn", "seeds/mice"),
  animal("hen", "white/brown", "barn/forest", "seeds/fish"),
  animal("bat", "black/red", "barn/pond", "fruit/grass"),
  animal("snake", "green/black", "desert/pond", "mice/fruit"),
  animal("raven", "black/white", "hills/desert", "seeds/flies"),
];

const BY_NAME = new Map(ANIMALS.map((entry) => [entry.name, entry]));

/** The animal of that name; the name must be one of ANIMALS. */
export function animalNamed(name: string): Animal {
  return BY_NAME.get(name)!;
}
