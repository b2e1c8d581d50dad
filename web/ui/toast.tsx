/**
 * Short messages at the edge of the page, announced by screen readers; each disappears after a while or when it is
 * closed.
 */
import { type ComponentChildren, createContext } from "preact";
import { useCallback, useContext, useRef, useState } from "preact/hooks";
import { useStrings } from "../strings/index.js";

/** How long a message stays; with something to do there is more to decide. */
const SHOWN_MILLISECONDS = 6000;
const WITH_ACTION_MILLISECONDS = 15_000;
/** Most messages at once; beyond that, the oldest disappears. */
const MAX_AT_ONCE = 3;

interface Toast {
  id: number;
  text: string;
  look: "plain" | "bad";
  action?: Action | undefined;
}

/** What a message offers, such as taking back what it tells of. */
interface Action {
  name: string;
  run(): void;
}

type Say = (text: string, look?: Toast["look"], action?: Action) => void;
const ToastContext = createContext<Say>(() => undefined);
/** Gives the function that shows a message: `say(strings.saved)`. */
export const useToast = (): Say => useContext(ToastContext);

export function Toasts({ children }: { children: ComponentChildren }) {
  const [toasts, setToasts] = useState<Toast[]>([]);
  const count = useRef(0);
  const strings = useStrings();
  const remove = useCallback((id: number) => setToasts((all) => all.filter((toast) => toast.id !== id)), []);
  const say = useCallback<Say>(
    (text, look = "plain", action) => {
      const id = ++count.current;
      setToasts((all) =>
        [...all.filter((toast) => toast.text !== text), { id, text, look, action }].slice(-MAX_AT_ONCE),
      );
      setTimeout(() => remove(id), action === undefined ? SHOWN_MILLISECONDS : WITH_ACTION_MILLISECONDS);
    },
    [remove],
  );
  return (
    <ToastContext.Provider value={say}>
      {children}
      <div class="toasts" role="status" aria-live="polite">
        {toasts.map(({ id, text, look, action }) => (
          <div key={id} class={`toast toast-${look}`}>
            <span>{text}</span>
            {action && (
              <button
                type="button"
                class="toast-action"
                onClick={() => {
                  remove(id);
                  action.run();
                }}
              >
                {action.name}
              </button>
            )}
            <button type="button" aria-label={strings.close} onClick={() => remove(id)}>
              ×
            </button>
          </div>
        ))}
      </div>
    </ToastContext.Provider>
  );
}
