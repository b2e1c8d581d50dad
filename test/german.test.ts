/** What the server says to people in forms is German on the German page. */
import { expect, it } from "vitest";
import { importWarnings, unreadVerdicts } from "../src/feedback/exchange/warnings.js";
import { germanOf } from "../web/strings/de-server.js";
import { PASSWORD, testServer } from "./server.js";

/** The sentences of a refusal. */
const saidBy = ({ body }: { body: { error?: { message: string; hint?: string } } }): string[] =>
  [body.error?.message, body.error?.hint].filter((text) => text !== undefined && text !== "") as string[];

function expectGerman(sentences: readonly string[]): void {
  expect(sentences.length).toBeGreaterThan(0);
  for (const sentence of sentences) {
    const german = germanOf(sentence);
    expect(german, sentence).not.toBe(sentence);
    expect(german).not.toMatch(/\$\d|\b(?:the|and|of|is)\b/);
    for (const number of sentence.match(/\d+/g) ?? []) expect(german).toContain(number);
  }
}

it("refusals of passwords, codes and invitations", async () => {
  const server = await testServer();
  const lead = await server.person("lead", "lead");
  const { body: project } = await lead.post("/projects", { name: "p", task: { kind: "pairwise" } });
  const { token } = (await lead.post(`/projects/${project.id}/invitations`)).body;
  const accept = (rest: object) =>
    server.nobody().post("/invitations/accept", { token, login: "anna", password: PASSWORD, ...rest });
  expectGerman(saidBy(await accept({ password: "password1234" })));
  expectGerman(saidBy(await accept({ password: "short" })));
  expectGerman(saidBy(await accept({ login: "lead" })));
  expectGerman(saidBy(await accept({ token: `plumb_inv_${"A".repeat(43)}` })));
  expectGerman(["This invitation is for another account.", "Accept it with a new account."]);
  expectGerman(saidBy(await lead.put("/account/password", { current: "wrong", next: PASSWORD })));
  for (let i = 0; i < 7; i++)
    expectGerman(saidBy(await server.nobody().post("/session", { login: "lead", password: "wrong" })));
});

it("warnings about a file, one and many", () => {
  const item = (text: string) => ({
    content: { prompt: "p", responses: ["a", "b"].map((name) => ({ name, text })) },
  });
  for (const many of [1, 1234]) {
    const tallies = new Map(
      [
        ...(["repeatedVote", "assumedUtc", "unnamedCategory", "unnamedRater", "respelledRater"] as const),
        ...(["rejectedAnswer", "skippedAnswer", "blankAnswer", "machineAnswer"] as const),
        ...(["goldVote", "datedSession"] as const),
      ].map((tally) => [tally, many]),
    );
    const items = Array.from({ length: many }, () => item("\ufffd \ud800"));
    const warnings = [
      ...importWarnings(items, tallies),
      ...unreadVerdicts(["winner", "labels"].slice(0, many)),
    ];
    expect(warnings).toHaveLength(many === 1 ? 15 : 16);
    expectGerman(warnings);
  }
  expectGerman(["is missing, empty or not text", "is not a list of texts", "is no conversation of texts"]);
  expectGerman([
    "does not end with an answer of the assistant",
    'no column holds a prompt of texts or messages; the fields are "a"',
    'too few columns hold answers for raters to judge; the fields are "a", "b"',
  ]);
  expectGerman(["1 item is in the project already, with the same texts"]);
  expectGerman(["12 items are in the project already, with the same texts"]);
});
