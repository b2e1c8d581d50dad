import { useEffect, useState } from "preact/hooks";
import { call } from "../../api/client.js";
import { store, stored } from "../../storage.js";
import { useStrings } from "../../strings/index.js";
import { useLoaded } from "../../ui/async.js";
import { Button } from "../../ui/button.js";
import { Loading, ProblemState } from "../../ui/states.js";
import { Text } from "../markdown/text.js";

/** The guidelines next to the task, or above it on narrow screens; marks a version that was not read yet. */
export function GuidelinesPanel(props: { project: string; version: number; open: boolean; toggle(): void }) {
  const { project, version, open, toggle } = props;
  const { rate, close } = useStrings();
  const key = `guidelines.${project}`;
  const [seen, setSeen] = useState(stored<number>(key) ?? 0);
  const { data, problem, reload } = useLoaded(
    () => call("listGuidelines", { params: { project } }),
    [project, version],
  );
  const newest = data?.guidelines[0];
  useEffect(() => {
    if (!open || newest === undefined || newest.version <= seen) return;
    store(key, newest.version);
    setSeen(newest.version);
  }, [open, newest, seen, key]);
  const unread = newest !== undefined && newest.version > seen && newest.text.trim() !== "";
  return (
    <>
      {unread && !open && (
        <div class="notice guidelines-notice" role="status">
          <span>{seen === 0 ? rate.guidelinesUnread : rate.guidelinesNew}</span>
          <Button onClick={toggle}>{rate.guidelinesRead}</Button>
        </div>
      )}
      {open && (
        <aside class="guidelines" aria-label={rate.guidelines}>
          <header class="dialog-head">
            <h2>{rate.guidelines}</h2>
            <button type="button" class="dialog-close" aria-label={close} onClick={toggle}>
              ×
            </button>
          </header>
          {/* biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls has to be reached by the keyboard */}
          <section class="guidelines-text" tabIndex={0} aria-label={rate.guidelines}>
            {newest && <p class="quiet">{rate.guidelinesVersion(String(newest.version))}</p>}
            {newest &&
              (newest.text.trim() === "" ? <p>{rate.guidelinesNone}</p> : <Text text={newest.text} />)}
            {problem && !newest && <ProblemState problem={problem} retry={reload} />}
            {!newest && !problem && <Loading />}
          </section>
        </aside>
      )}
    </>
  );
}
