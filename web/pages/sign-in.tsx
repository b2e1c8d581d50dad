import { call } from "../api/client.js";
import { deviceKey, useSession } from "../session.js";
import { stored } from "../storage.js";
import { useStrings } from "../strings/index.js";
import { Button } from "../ui/button.js";
import { Field } from "../ui/field.js";
import { useForm } from "../ui/form.js";
import { FormProblem } from "../ui/form-problem.js";
import { TopBar } from "../ui/top-bar.js";

export function SignIn() {
  const strings = useStrings();
  return (
    <>
      <TopBar title={strings.product} />
      <main class="page page-narrow">
        <h1>{strings.signIn.title}</h1>
        <SignInForm />
      </main>
    </>
  );
}

/** A form for name, password and, if they are switched on, a one-time code. */
export function SignInForm({ done }: { done?: () => void }) {
  const { signIn } = useStrings();
  const session = useSession();
  const { busy, problem, submit } = useForm(async ({ login, password, code }) => {
    const device = stored<string>(deviceKey(login));
    session.begin(
      await call("signIn", {
        body: {
          login,
          password,
          ...(code.trim() !== "" && { code: code.trim() }),
          ...(device !== undefined && { device }),
        },
      }),
    );
    done?.();
  });
  return (
    <form class="card stack" onSubmit={submit}>
      <Field label={signIn.login} name="login" required maxLength={100} autocomplete="username" />
      <Field
        label={signIn.password}
        name="password"
        type="password"
        required
        maxLength={200}
        autocomplete="current-password"
      />
      <Field
        label={signIn.code}
        hint={signIn.codeHint}
        name="code"
        inputMode="numeric"
        pattern="[0-9]{6}"
        autocomplete="one-time-code"
      />
      <FormProblem problem={problem} />
      <Button look="primary" type="submit" disabled={busy}>
        {signIn.submit}
      </Button>
    </form>
  );
}
