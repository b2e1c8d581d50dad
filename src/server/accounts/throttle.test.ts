import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { RequestError } from "../http/request-error.js";
import { SignInThrottle } from "./throttle.js";

const HOUR = 3_600_000;

beforeEach(() => void vi.useFakeTimers({ now: 1_800_000_000_000 }));
afterEach(() => void vi.useRealTimers());

const throttle = () => new SignInThrottle(() => Date.now());
const from = (address: string, login = "anna") => ({ login, address });
/** What became of a try: passed, refused, or not yet known. */
function watched(trying: Promise<void>) {
  const state = { is: "waits" as "waits" | "passed" | "refused" };
  trying.then(
    () => (state.is = "passed"),
    (error: unknown) => {
      expect(error).toBeInstanceOf(RequestError);
      state.is = "refused";
    },
  );
  return state;
}
const settled = () => vi.advanceTimersByTimeAsync(0);

/** Fails as often as it may, from a fresh address each time. */
async function attack(guard: SignInThrottle, tries: number, prefix = "10.0") {
  for (let i = 0; i < tries; i++) await guard.begin(from(`${prefix}.${i >> 8}.${i & 255}`));
}

it("a name that was attacked for hours lets its owner in from a new address, after 5 s at most", async () => {
  const guard = throttle();
  await attack(guard, 61);
  for (let i = 0; i < 500; i++) {
    const guess = guard.begin(from(`10.1.${i >> 8}.${i & 255}`));
    await vi.advanceTimersByTimeAsync(5000);
    await guess;
  }
  const owner = watched(guard.begin(from("192.0.2.1")));
  await vi.advanceTimersByTimeAsync(5000);
  expect(owner.is).toBe("passed");
});

it("10,000 addresses together guess a name no more than 61 times and 720 times an hour", async () => {
  const guard = throttle();
  const guesses: { is: string }[] = [];
  for (let second = 0; second < 3600; second += 5) {
    for (let i = 0; i < 14; i++) {
      const n = ((second / 5) * 14 + i) % 10_000;
      guesses.push(watched(guard.begin(from(`10.${n >> 16}.${(n >> 8) & 255}.${n & 255}`))));
    }
    await vi.advanceTimersByTimeAsync(5000);
  }
  const passed = guesses.filter(({ is }) => is === "passed").length;
  expect(passed).toBeGreaterThan(700);
  expect(passed).toBeLessThanOrEqual(61 + 720 + 1);
});

it("who never failed comes before any number of those who did", async () => {
  const guard = throttle();
  await attack(guard, 61);
  await guard.begin(from("10.9.0.0"));
  await vi.advanceTimersByTimeAsync(HOUR / 2);
  // Addresses that failed half an hour ago may try again, and fill the room.
  const crowd = Array.from({ length: 40 }, (_, i) => watched(guard.begin(from(`10.0.0.${i}`))));
  const owner = watched(guard.begin(from("192.0.2.1")));
  await vi.advanceTimersByTimeAsync(5000);
  expect(owner.is).toBe("passed");
  expect(crowd.filter(({ is }) => is === "passed").length).toBeLessThanOrEqual(2);
  expect(crowd.filter(({ is }) => is === "refused").length).toBeLessThanOrEqual(1);
});

it("one address waits once, a full room refuses by lot, and nobody waits for longer than 50 s", async () => {
  const guard = throttle();
  await attack(guard, 61);
  await guard.begin(from("10.9.0.0"));
  const first = watched(guard.begin(from("192.0.2.1")));
  const again = watched(guard.begin(from("192.0.2.1")));
  await settled();
  expect([first.is, again.is]).toEqual(["waits", "refused"]);
  const crowd = Array.from({ length: 60 }, (_, i) => watched(guard.begin(from(`10.8.0.${i}`))));
  await settled();
  expect([first, ...crowd].filter(({ is }) => is === "refused")).toHaveLength(21);
  await vi.advanceTimersByTimeAsync(50_000);
  expect([first, ...crowd].filter(({ is }) => is === "waits")).toHaveLength(0);
});

it("a try that waits for one name holds up no other, and nothing is left once all is over", async () => {
  const guard = throttle();
  await attack(guard, 62);
  const waits = watched(guard.begin(from("192.0.2.1")));
  await guard.begin(from("192.0.2.1", "bob"));
  expect(waits.is).toBe("waits");
  await vi.advanceTimersByTimeAsync(60_000);
  expect(vi.getTimerCount()).toBe(0);
});

it("many tries at once are no more than one after another", async () => {
  const guard = throttle();
  const burst = Array.from({ length: 30 }, () => watched(guard.begin(from("10.0.0.1"))));
  await settled();
  expect(burst.filter(({ is }) => is === "passed")).toHaveLength(5);
});

it("a try that succeeds counts neither against the address nor against the name", async () => {
  const guard = throttle();
  for (let i = 0; i < 200; i++) {
    const trier = from("192.0.2.1", `person-${i % 3}`);
    await guard.begin(trier);
    guard.succeeded(trier);
  }
  // Thirty failures at an address make it wait; a colleague who signs in there afterwards does not prolong the wait.
  for (let i = 0; i < 31; i++) {
    await guard.begin(from("192.0.2.7", `n${i}`)).catch(() => undefined);
    await vi.advanceTimersByTimeAsync(3000);
  }
  const trier = from("192.0.2.7", "colleague");
  await guard.begin(trier);
  guard.succeeded(trier);
  await guard.begin(from("192.0.2.7", "another"));
});
