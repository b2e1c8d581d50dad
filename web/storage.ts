/** The browser's storage. It may be switched off or full: then nothing is stored, and nothing breaks. */
export function stored<T>(key: string): T | undefined {
  try {
    const text = localStorage.getItem(`plumb.${key}`);
    return text === null ? undefined : (JSON.parse(text) as T);
  } catch {
    return undefined;
  }
}

/** @returns whether it was stored. */
export function store(key: string, value: unknown): boolean {
  try {
    if (value === undefined) localStorage.removeItem(`plumb.${key}`);
    else localStorage.setItem(`plumb.${key}`, JSON.stringify(value));
    return true;
  } catch {
    return false;
  }
}
