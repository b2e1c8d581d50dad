import { expect, it } from "vitest";
import { Passwords } from "./passwords.js";

it("hashes at OWASP's cost, whatever other tests take, and knows each hash's own", async () => {
  const [real, cheap] = [
    new Passwords(),
    new Passwords({ algorithm: 2, memoryCost: 8, timeCost: 1, parallelism: 1 }),
  ];
  const [dear, light] = [await real.hash("a long password"), await cheap.hash("a long password")];
  expect(dear).toMatch(/^\$argon2id\$v=19\$m=19456,t=2,p=1\$/);
  for (const passwords of [real, cheap])
    for (const stored of [dear, light]) {
      expect(await passwords.fits("a long password", stored)).toBe(true);
      expect(await passwords.fits("another password", stored)).toBe(false);
    }
  expect(await real.fits("a long password", undefined)).toBe(false);
});
