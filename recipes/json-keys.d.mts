export default function jsonKeys(
  responses: readonly {
    prompt: string;
    response: string;
    meta: Readonly<Record<string, unknown>>;
  }[],
): number[];
