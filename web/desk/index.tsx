import { useStrings } from "../strings/index.js";
import { TopBar } from "../ui/top-bar.js";

/** The lead's pages. */
export function Desk() {
  return <TopBar title={useStrings().home.desk} />;
}
