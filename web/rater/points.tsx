import { useId } from "preact/hooks";
import { useStrings } from "../strings/index.js";
import type { ItemProps } from "./item-page.js";
import { withPoints } from "./task-keys.js";
import { aspectWords } from "./words.js";

/** Points for each aspect of one response. The next aspect without points is marked; number keys set its points. */
export function Points({ project, draft, change, place }: ItemProps & { place: number }) {
  const { rate } = useStrings();
  const { aspects, scale } = project.task;
  const id = useId();
  const next = draft.ratings.findIndex((points) => aspects.some((aspect) => !points[aspect]));
  const lacking = aspects.find((aspect) => !draft.ratings[place][aspect]);
  return (
    <div class="points">
      {aspects.map((aspect) => (
        <fieldset
          key={aspect}
          class={place === next && aspect === lacking ? "points-row points-next" : "points-row"}
        >
          <legend>{aspectWords(rate.points, aspect) ?? aspect}</legend>
          {Array.from({ length: scale }, (_, i) => i + 1).map((value) => (
            <label key={value}>
              <input
                type="radio"
                name={`${id}-${aspect}`}
                checked={draft.ratings[place][aspect] === value}
                onChange={() => change(withPoints(draft, place, aspect, value))}
              />
              <span>{value}</span>
            </label>
          ))}
        </fieldset>
      ))}
    </div>
  );
}
