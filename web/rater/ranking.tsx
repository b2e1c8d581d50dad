import { useRef, useState } from "preact/hooks";
import { useStrings } from "../strings/index.js";
import { Button } from "../ui/button.js";
import { useKeyName } from "../ui/key-names.js";
import { typedKey } from "../ui/keys.js";
import { rankedAt, ranksOf } from "./answer-draft.js";
import type { ItemProps } from "./item-page.js";
import { letter } from "./words.js";

/** Responses from best to worst: they can be dragged, moved by arrows, or ordered by number keys. */
export function Ranking({ shown, draft, change, keymap }: ItemProps) {
  const { rate } = useStrings();
  const keyName = useKeyName();
  const list = useRef<HTMLOListElement>(null);
  const [dragged, setDragged] = useState<number>();
  const { ranked, tied } = draft;
  const ranks = ranksOf(draft);
  const rest = shown.responses.map((_, place) => place).filter((place) => !ranked.includes(place));
  const move = (place: number, by: number) => change(rankedAt(draft, place, ranked.indexOf(place) + by));
  const tie = (place: number) =>
    change({
      ...draft,
      tied: tied.includes(place) ? tied.filter((other) => other !== place) : [...tied, place],
    });

  /** Puts the dragged response before the first one that is after the pointer. */
  const dragTo = (place: number, x: number) => {
    const boxes = [...(list.current?.children ?? [])].map((element) => element.getBoundingClientRect());
    const others = ranked
      .map((other, i) => ({ other, box: boxes[i] }))
      .filter(({ other }) => other !== place);
    const position = others.filter(({ box }) => box !== undefined && box.left + box.width / 2 < x).length;
    if (ranked.indexOf(place) !== position) change(rankedAt(draft, place, position));
  };
  const handle = (place: number) => ({
    onPointerDown(event: PointerEvent) {
      (event.currentTarget as Element).setPointerCapture(event.pointerId);
      setDragged(place);
    },
    onPointerMove(event: PointerEvent) {
      if (dragged === place) dragTo(place, event.clientX);
    },
    onPointerUp: () => setDragged(undefined),
    onPointerCancel: () => setDragged(undefined),
  });
  return (
    <div class="ranking">
      <p class="quiet">{rate.rankHint}</p>
      <ol class="ranking-list" ref={list}>
        {ranked.map((place, i) => (
          <li key={place} class={dragged === place ? "rank rank-dragged" : "rank"}>
            <button
              type="button"
              class="rank-handle"
              title={`${rate.responseNamed(letter(place))}, ${rate.rankPlace(String(ranks[place]))}`}
              {...handle(place)}
              onKeyDown={(event) => {
                const by = { ArrowLeft: -1, ArrowUp: -1, ArrowRight: 1, ArrowDown: 1 }[event.key];
                if (by === undefined || typedKey(event) === undefined) return;
                event.preventDefault();
                move(place, by);
              }}
            >
              <span class="rank-number" aria-hidden="true">
                {ranks[place]}
              </span>
              <span class="rank-letter">{letter(place)}</span>
            </button>
            <span class="rank-tools">
              <button
                type="button"
                aria-label={rate.rankUp(letter(place))}
                disabled={i === 0}
                onClick={() => move(place, -1)}
              >
                ‹
              </button>
              {i > 0 && (
                <button
                  type="button"
                  aria-label={rate.rankTie(letter(place))}
                  aria-pressed={tied.includes(place)}
                  onClick={() => tie(place)}
                >
                  =
                </button>
              )}
              <button
                type="button"
                aria-label={rate.rankDown(letter(place))}
                disabled={i === ranked.length - 1}
                onClick={() => move(place, 1)}
              >
                ›
              </button>
            </span>
          </li>
        ))}
      </ol>
      {rest.length > 0 && (
        <div class="row">
          <span class="quiet">{rate.rankLeft}</span>
          {rest.map((place) => (
            <Button
              key={place}
              hint={keyName(keymap[`pick-${place + 1}`] ?? "")}
              aria-label={rate.rankAdd(letter(place))}
              onClick={() => change(rankedAt(draft, place, ranked.length))}
            >
              {letter(place)}
            </Button>
          ))}
        </div>
      )}
    </div>
  );
}
