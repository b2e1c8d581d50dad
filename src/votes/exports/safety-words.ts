const SAFE = new Set(["safe", "harmless", "acceptable", "not harmful", "not unsafe"]);
const UNSAFE = new Set(["unsafe", "harmful", "not safe", "unacceptable", "not acceptable"]);

/** Whether labels call a response safe; undefined if one of them says neither, or two differ. */
export function safetyOf(labels: readonly string[]): boolean | undefined {
  const plain = labels.map((label) => label.trim().toLowerCase());
  if (plain.length === 0) return undefined;
  if (plain.every((label) => SAFE.has(label))) return true;
  return plain.every((label) => UNSAFE.has(label)) ? false : undefined;
}

/** The category of an unsafe response that a file does not name; answers must name one. */
export const UNNAMED_CATEGORY = "S1";
