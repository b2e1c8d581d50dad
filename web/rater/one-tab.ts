import { useCallback, useEffect, useState } from "preact/hooks";

/**
 * Whether this tab is the one that works under a name; of several, it is the latest that asked to. If the browser has
 * no locks (plain HTTP), every tab works, and the server recognises repeated verdicts.
 */
export function useOneTab(name: string): { mine: boolean | undefined; take(): void } {
  const [mine, setMine] = useState<boolean>();
  const ask = useCallback(
    (options: LockOptions) => {
      let release = () => undefined as unknown;
      const held = new Promise((resolve) => (release = () => resolve(undefined)));
      navigator.locks
        .request(name, options, (lock) => {
          setMine(lock !== null);
          return lock === null ? undefined : held;
        })
        .catch(() => setMine(false));
      return release;
    },
    [name],
  );
  useEffect(() => {
    if (!navigator.locks) {
      setMine(true);
      return undefined;
    }
    return ask({ ifAvailable: true });
  }, [ask]);
  return { mine, take: () => void ask({ steal: true }) };
}
