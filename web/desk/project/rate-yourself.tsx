import { call, type ResultOf } from "../../api/client.js";
import { navigate } from "../../router.js";
import { useDesk } from "../strings/index.js";
import { Confirm } from "../ui/confirm.js";

/** Goes to the raters' page; who is no rater of the project yet is asked first. @returns whether there is to be asked. */
export function toRating(project: string, { own }: ResultOf<"getProgress">): boolean {
  if (own === undefined) return true;
  navigate(`/p/${project}`);
  return false;
}

/** Asks staff whether they want to be raters of their own project, with what follows from it. */
export function RateYourself({ project, close }: { project: string; close(): void }) {
  const { begin: words } = useDesk();
  return (
    <Confirm
      title={words.rateTitle}
      action={words.rateAction}
      close={close}
      work={async () => {
        await call("rateOwnProject", { params: { project } });
        navigate(`/p/${project}`);
      }}
    >
      <p>{words.rateText}</p>
    </Confirm>
  );
}
