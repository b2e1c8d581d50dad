import type { ComponentChildren } from "preact";
import { useState } from "preact/hooks";
import { call } from "../api/client.js";
import { Link, navigate } from "../router.js";
import { useSession } from "../session.js";
import { useStrings } from "../strings/index.js";
import { useLoaded } from "../ui/async.js";
import { Button } from "../ui/button.js";
import { Field } from "../ui/field.js";
import { useForm } from "../ui/form.js";
import { FormProblem } from "../ui/form-problem.js";
import { Loading, ProblemState } from "../ui/states.js";
import { TopBar } from "../ui/top-bar.js";

/** The form of an invitation's secret. It comes after the # of the link, which browsers do not send to servers. */
const SECRET = /^plumb_[a-z]{3}_[A-Za-z0-9_-]{43}$/;

/** Accepts an invitation, including the first admin's, with a new account or the one that is signed in. */
export function Join() {
  const { join, product, signIn } = useStrings();
  const { account } = useSession();
  // Removed from the address, so that it does not stay in the history.
  const [token] = useState(() => {
    const secret = location.hash.slice(1);
    if (secret !== "") history.replaceState(null, "", location.pathname);
    return secret;
  });
  const [another, setAnother] = useState(false);
  return (
    <>
      <TopBar title={product} />
      <main class="page page-narrow">
        <h1>{join.title}</h1>
        {!SECRET.test(token) ? (
          <div class="card stack">
            <p>{join.incomplete}</p>
            <p class="quiet">{join.incompleteHint}</p>
            <Link href="/">{signIn.title}</Link>
          </div>
        ) : (
          <Looked token={token}>
            {account !== undefined && !another ? (
              <JoinAs token={token} login={account.login} another={() => setAnother(true)} />
            ) : (
              <NewAccount token={token} />
            )}
          </Looked>
        )}
      </main>
    </>
  );
}

/** What the invitation is to, before anything is filled in; one that is used or has run out is said at once. */
function Looked({ token, children }: { token: string; children: ComponentChildren }) {
  const { join, signIn, problem: words } = useStrings();
  const { data, problem, reload } = useLoaded(() => call("lookAtInvitation", { body: { token } }), [token]);
  if (problem?.status === 410)
    return (
      <div class="card stack">
        <p>{words.said(problem.message)}</p>
        <p class="quiet">{join.usedHint}</p>
        <Link href="/">{signIn.title}</Link>
      </div>
    );
  if (problem) return <ProblemState problem={problem} retry={reload} />;
  if (data === undefined) return <Loading />;
  const { project, invitedBy } = data;
  return (
    <>
      {(project ?? invitedBy) !== undefined && (
        <p class="lead" dir="auto">
          {join.invites(invitedBy, project)}
        </p>
      )}
      {children}
    </>
  );
}

function JoinAs({ token, login, another }: { token: string; login: string; another(): void }) {
  const { join } = useStrings();
  const { busy, problem, submit } = useForm(async () => {
    const { project } = await call("joinByInvitation", { body: { token } });
    const { settings } = await call("getProject", { params: { project } });
    // Only the project's staff is told its settings.
    navigate(settings === undefined ? `/p/${project}` : `/desk/${project}/overview`, { replace: true });
  });
  return (
    <form class="card stack" onSubmit={submit}>
      <FormProblem problem={problem} />
      <Button look="primary" type="submit" disabled={busy}>
        {join.joinAs(login)}
      </Button>
      <Button look="quiet" onClick={another}>
        {join.another}
      </Button>
    </form>
  );
}

function NewAccount({ token }: { token: string }) {
  const { join } = useStrings();
  const session = useSession();
  const { busy, problem, submit } = useForm(async ({ login, name, password, languages }) => {
    const tags = languages.split(/[\s,;]+/).filter((tag) => tag !== "");
    const body = {
      token,
      login,
      password,
      languages: tags,
      ...(name.trim() !== "" && { name: name.trim() }),
    };
    const signedIn = await call("acceptInvitation", { body });
    session.begin(signedIn);
    if (signedIn.account.role !== "rater") return navigate("/", { replace: true });
    const { projects } = await call("listProjects", {});
    navigate(projects.length === 1 ? `/p/${projects[0].id}` : "/", { replace: true });
  });
  const field = problem?.details.field;
  const wrong = (name: string) => (field === name ? problem?.message : undefined);
  return (
    <form class="card stack" onSubmit={submit}>
      <p>{join.welcome}</p>
      <Field
        label={join.login}
        hint={join.loginHint}
        problem={wrong("login")}
        name="login"
        required
        minLength={2}
        maxLength={100}
        autocomplete="username"
        autocapitalize="none"
        spellcheck={false}
      />
      <Field
        label={`${join.name} (${join.optional})`}
        problem={wrong("name")}
        name="name"
        maxLength={200}
        autocomplete="name"
      />
      <Field
        label={join.password}
        hint={join.passwordHint}
        problem={wrong("password")}
        name="password"
        type="password"
        required
        minLength={12}
        maxLength={200}
        autocomplete="new-password"
      />
      <Field label={join.languages} hint={join.languagesHint} name="languages" maxLength={200} />
      <FormProblem problem={problem} {...(problem?.status === 410 && { hint: join.usedHint })} />
      <Button look="primary" type="submit" disabled={busy}>
        {join.submit}
      </Button>
    </form>
  );
}
