/** Every word of the pages that raters see. Another language has the same keys; the type says so. */
export const en = {
  language: "English",
  product: "Plumbline",
  loading: "Loading",
  retry: "Try again",
  close: "Close",
  cancel: "Cancel",
  back: "Back",
  save: "Save",
  undo: "Undo",
  settings: {
    title: "Display",
    theme: "Colours",
    themes: { system: "As the device", light: "Light", dark: "Dark" },
    size: "Text size",
    sizes: { small: "Small", normal: "Normal", large: "Large" },
    language: "Language",
  },
  problem: {
    title: "This did not work",
    offline: "There is no connection to the server.",
    offlineHint: "Check the network. Nothing that you did is lost.",
    missing: "There is nothing here",
    missingText: "The address is wrong, or you do not take part in this project.",
    defect: "Something went wrong on this page.",
    request: (id: string) => `Request ${id}`,
  },
  signIn: {
    title: "Sign in",
    login: "Name",
    password: "Password",
    code: "One-time code",
    codeHint: "Six digits, if you have switched codes on",
    submit: "Sign in",
    signOut: "Sign out",
    signedInAs: (login: string) => `Signed in as ${login}`,
  },
  join: {
    title: "Your invitation",
    welcome: "Choose a name and a password. You can begin at once.",
    login: "Name to sign in with",
    loginHint: "Letters, digits and . _ @ + -",
    name: "Your name",
    optional: "may be left empty",
    password: "Password",
    passwordHint: "At least 12 characters",
    languages: "Languages that you can judge",
    languagesHint: "For example: en, de. Empty is all",
    submit: "Accept",
    joinAs: (login: string) => `Join as ${login}`,
    another: "Make another account instead",
    incomplete: "This link is not whole.",
    incompleteHint: "Open it exactly as it was sent to you, with everything after the #.",
    usedHint: "Ask whoever invited you for a new link. If it was you who used it, sign in.",
  },
  home: {
    title: "Your projects",
    none: "You take part in no project yet.",
    noneHint: "Open the link of an invitation that a lead sent you.",
    rate: "Rate",
    desk: "Lead's desk",
    states: { draft: "not open yet", open: "open", paused: "paused", closed: "closed", deleted: "deleted" },
    kinds: {
      pairwise: "Compare two answers",
      ranking: "Rank answers",
      likert: "Give points",
      demonstration: "Write an answer",
      rewrite: "Make an answer better",
      safety: "Judge safety",
    },
  },
};

type Widened<T> = T extends string
  ? string
  : T extends (...given: infer G) => string
    ? (...given: G) => string
    : { readonly [K in keyof T]: Widened<T[K]> };
export type Strings = Widened<typeof en>;
