import { useStrings } from "../../strings/index.js";
import { useToast } from "../../ui/toast.js";

/** Says that something was done, with a button that takes it back. */
export function useDone(): (text: string, undo: () => Promise<unknown>, after: () => void) => void {
  const say = useToast();
  const { undo: name, rate, problem } = useStrings();
  return (text, undo, after) =>
    say(text, "plain", {
      name,
      run: () =>
        undo().then(
          () => {
            say(rate.undone);
            after();
          },
          (error: Error) => say(problem.said(error.message), "bad"),
        ),
    });
}
