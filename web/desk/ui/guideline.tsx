import { Prose } from "./prose.js";

/** Guidelines as raters see them. */
export function Guideline({ text }: { text: string }) {
  return <Prose text={text} />;
}
