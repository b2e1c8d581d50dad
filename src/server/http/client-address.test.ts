import { expect, it } from "vitest";
import { networkOf, sharedAddressWarning } from "./client-address.js";

it("an IPv6 network of 64 bits counts as one client, however its addresses are written", () => {
  const networks: [network: string, addresses: string[]][] = [
    [
      "2001:db8:0:0",
      ["2001:db8::1", "2001:db8::2", "2001:DB8::abcd:1", "2001:0db8:0000:0000:1:2:3:4", "2001:db8::1:2:3:4"],
    ],
    ["2001:db8:1:2", ["2001:db8:1:2::", "2001:db8:1:2::9", "[2001:db8:1:2::9]:443", "2001:db8:1:2:3:4:5:6"]],
    ["fe80:0:0:0", ["fe80::1%eth0", "fe80::2%en1"]],
    ["0:0:0:0", ["::1", "::1.2.3.4"]],
    ["64:ff9b:0:0", ["64:ff9b::192.0.2.1"]],
    ["192.0.2.1", ["192.0.2.1", "::ffff:192.0.2.1", "::FFFF:192.0.2.1", "192.0.2.1:50123"]],
    ["local", ["local"]],
    ["unknown", ["unknown"]],
  ];
  for (const [network, addresses] of networks)
    for (const address of addresses) expect(networkOf(address), address).toBe(network);
});

it("warns where a proxy stands in front that the server was not told of, and nowhere else", () => {
  const warned = (publicUrl: string | undefined, proxies: number, loopback: boolean) =>
    sharedAddressWarning({ publicUrl, proxies }, loopback) !== undefined;
  expect(warned("https://rate.example.org", 0, true)).toBe(true);
  expect(warned("https://rate.example.org/rate", 0, false)).toBe(true);
  expect(warned("http://rate.example.org", 0, true)).toBe(true);
  expect(sharedAddressWarning({ publicUrl: "https://a.example", proxies: 0 }, true)).toMatch(/--proxies 1/);
  expect(warned("https://rate.example.org", 1, true)).toBe(false);
  expect(warned("http://rate.lan:8080", 0, false)).toBe(false);
  expect(warned("http://localhost:8080", 0, true)).toBe(false);
  expect(warned(undefined, 0, true)).toBe(false);
});
