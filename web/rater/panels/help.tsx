import { useStrings } from "../../strings/index.js";
import { Button } from "../../ui/button.js";
import { Dialog } from "../../ui/dialog.js";

/** Help for raters who are distressed by what they see. */
export function HelpDialog(props: {
  close(): void;
  blur: boolean;
  changeBlur(on: boolean): void;
  canSkip: boolean;
  skip(): void;
  stop(): void;
}) {
  const { rate } = useStrings();
  const { close, blur, changeBlur, canSkip, skip, stop } = props;
  const then = (work: () => void) => () => {
    close();
    work();
  };
  return (
    <Dialog title={rate.helpTitle} close={close}>
      <p>{rate.helpText}</p>
      <div class="stack">
        {canSkip && (
          <Button look="primary" onClick={then(skip)}>
            {rate.helpSkip}
          </Button>
        )}
        <Button onClick={then(() => changeBlur(!blur))}>{blur ? rate.helpUnblur : rate.helpBlur}</Button>
        <Button onClick={then(stop)}>{rate.helpStop}</Button>
      </div>
    </Dialog>
  );
}
