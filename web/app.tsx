/** Every page: who is signed in, the language, and which page an address shows. */
import type { ComponentType } from "preact";
import { useCallback, useEffect, useMemo, useState } from "preact/hooks";
import { call, keepCsrf } from "./api/client.js";
import { type ApiProblem, asProblem } from "./api/problem.js";
import { Home } from "./pages/home.js";
import { Join } from "./pages/join.js";
import { SignIn } from "./pages/sign-in.js";
import { StaffHome } from "./pages/staff-home.js";
import { applyPreferences, type Preferences } from "./preferences.js";
import { PreferencesContext } from "./preferences-context.js";
import { matched, usePath } from "./router.js";
import { type Account, deviceKey, resumeSession, type Session, SessionContext } from "./session.js";
import { store } from "./storage.js";
import { loadStrings, type Strings, StringsContext } from "./strings/index.js";
import { Later } from "./ui/later.js";
import { Loading, ProblemState } from "./ui/states.js";
import { Toasts } from "./ui/toast.js";

const loadRater = () => import("./rater/index.js").then(({ Rater }) => Rater);
const loadDesk = () => import("./desk/index.js").then(({ Desk }) => Desk);

export function App({ preferences: first }: { preferences: Preferences }) {
  const [preferences, setPreferences] = useState(first);
  const [strings, setStrings] = useState<Strings>();
  const [account, setAccount] = useState<Account>();
  const [state, setState] = useState<"resuming" | "ready" | ApiProblem>("resuming");
  const resume = useCallback(() => {
    setState("resuming");
    resumeSession().then(
      (found) => {
        setAccount(found);
        setState("ready");
      },
      (error: unknown) => setState(asProblem(error)),
    );
  }, []);
  useEffect(resume, [resume]);
  useEffect(() => {
    loadStrings(preferences.language).then(setStrings, () => loadStrings("en").then(setStrings));
  }, [preferences.language]);
  const look = useMemo(
    () => ({
      preferences,
      change(changed: Partial<Preferences>) {
        const next = { ...preferences, ...changed };
        applyPreferences(next);
        setPreferences(next);
      },
    }),
    [preferences],
  );
  const session = useMemo<Session>(
    () => ({
      account,
      begin(signedIn) {
        keepCsrf(signedIn.csrf);
        if (signedIn.device !== undefined) store(deviceKey(signedIn.account.login), signedIn.device);
        setAccount(signedIn.account);
      },
      async end() {
        await call("signOut", {});
        keepCsrf("");
        setAccount(undefined);
      },
    }),
    [account],
  );
  if (strings === undefined) return null;
  return (
    <StringsContext.Provider value={strings}>
      <PreferencesContext.Provider value={look}>
        <SessionContext.Provider value={session}>
          <Toasts>
            {state === "resuming" ? (
              <Loading />
            ) : state === "ready" ? (
              <Page account={account} />
            ) : (
              <ProblemState problem={state} retry={resume} />
            )}
          </Toasts>
        </SessionContext.Provider>
      </PreferencesContext.Provider>
    </StringsContext.Provider>
  );
}

/** The page of the address. People who are not signed in are asked to, and then see it. */
function Page({ account }: { account: Account | undefined }) {
  const path = usePath();
  if (matched("/join", path)) return <Join />;
  if (account === undefined) return <SignIn />;
  const rated = matched("/p/:project", path);
  if (rated) return <Later key="rater" load={loadRater} given={{ project: rated.project }} />;
  const led = matched("/desk/:project?/:page?/:detail?", path);
  if (led)
    return (
      <Later<Record<never, never>> key="desk" load={loadDesk as () => Promise<ComponentType>} given={{}} />
    );
  return account.role === "rater" ? <Home /> : <StaffHome />;
}
