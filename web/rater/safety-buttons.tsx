import type { SafetyCategory } from "../../src/votes/tasks/index.js";
import { useStrings } from "../strings/index.js";
import { Button } from "../ui/button.js";
import { useKeyName } from "../ui/key-names.js";
import type { ItemProps } from "./item-page.js";

/** Buttons for safe, and for the categories of harm: Llama Guard's. */
export function SafetyButtons({ draft, keymap, act }: ItemProps & { act(action: string): void }) {
  const { rate } = useStrings();
  const keyName = useKeyName();
  const hint = (action: string) => keyName(keymap[action] ?? "");
  const categories = Object.entries(rate.safety) as [SafetyCategory, string][];
  return (
    <>
      <div class="verdict-row verdict-row-safety">
        <Button
          class="verdict"
          hint={hint("safe")}
          aria-pressed={draft.safe === true}
          onClick={() => act("safe")}
        >
          {rate.safe}
        </Button>
        <Button
          class="verdict"
          hint={hint("unsafe")}
          aria-pressed={draft.safe === false}
          onClick={() => act("unsafe")}
        >
          {rate.unsafe}
        </Button>
      </div>
      <fieldset class="categories">
        <legend class="visually-hidden">{rate.categories}</legend>
        {categories.map(([category, name], i) => (
          <Button
            key={category}
            class="category"
            hint={hint(`pick-${i + 1}`)}
            aria-pressed={draft.categories.includes(category)}
            onClick={() => act(`pick-${i + 1}`)}
          >
            {name}
          </Button>
        ))}
      </fieldset>
    </>
  );
}
