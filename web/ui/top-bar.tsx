import type { ComponentChildren } from "preact";
import { useState } from "preact/hooks";
import { SIZES, THEMES } from "../preferences.js";
import { usePreferences } from "../preferences-context.js";
import { Link } from "../router.js";
import { useSession } from "../session.js";
import { LANGUAGE_NAMES, LANGUAGES, useStrings } from "../strings/index.js";
import { Button } from "./button.js";
import { Dialog } from "./dialog.js";
import { Choice } from "./field.js";

/** The bar at the top of every page: its title, which leads home, its own controls, and the display settings. */
export function TopBar(props: {
  title: string;
  /** Where the title leads; the desk for staff, and the rater's projects, if not given. */
  home?: string | undefined;
  children?: ComponentChildren;
}) {
  const strings = useStrings();
  const { account } = useSession();
  const [open, setOpen] = useState(false);
  const staff = account !== undefined && account.role !== "rater";
  return (
    <header class="bar">
      <Link class="bar-title" href={props.home ?? (staff ? "/desk" : "/")}>
        {props.title}
      </Link>
      <span class="bar-gap" />
      {props.children}
      <Button look="quiet" aria-label={strings.settings.title} onClick={() => setOpen(true)}>
        <span aria-hidden="true">Aa</span>
      </Button>
      {open && <DisplayDialog close={() => setOpen(false)} />}
    </header>
  );
}

function DisplayDialog({ close }: { close(): void }) {
  const strings = useStrings();
  const { account, end } = useSession();
  const { preferences, change } = usePreferences();
  const { settings, signIn } = strings;
  return (
    <Dialog title={settings.title} close={close}>
      <Choice
        label={settings.theme}
        options={THEMES}
        names={settings.themes}
        value={preferences.theme}
        change={(theme) => change({ theme })}
      />
      <Choice
        label={settings.size}
        options={SIZES}
        names={settings.sizes}
        value={preferences.size}
        change={(size) => change({ size })}
      />
      <Choice
        label={settings.language}
        options={LANGUAGES}
        names={LANGUAGE_NAMES}
        value={preferences.language}
        change={(language) => change({ language })}
      />
      {account && (
        <div class="row">
          <span class="quiet">{signIn.signedInAs(account.login)}</span>
          <Button onClick={() => end().catch(() => undefined)}>{signIn.signOut}</Button>
        </div>
      )}
    </Dialog>
  );
}
