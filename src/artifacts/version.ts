import { readFileSync } from "node:fs";

/** Plumbline's version, from its package.json (two folders up, in the source as in the build). */
export function plumblineVersion(): string {
  const text = readFileSync(new URL("../../package.json", import.meta.url), "utf8");
  return (JSON.parse(text) as { version: string }).version;
}
