/** Addresses of the pages, by the browser's own history. */
import type { JSX } from "preact";
import { useEffect, useState } from "preact/hooks";
import { BASE, here } from "./base.js";

const MOVED = "plumb-moved";

/** Goes to another page of the site. @param replace leaves no entry in the history. */
export function navigate(path: string, { replace = false } = {}): void {
  if (replace) history.replaceState(null, "", BASE + path);
  else history.pushState(null, "", BASE + path);
  dispatchEvent(new Event(MOVED));
  scrollTo(0, 0);
}

/** The current path of the address; the component renders again when it changes. */
export function usePath(): string {
  const [path, setPath] = useState(here);
  useEffect(() => {
    const moved = () => setPath(here());
    addEventListener(MOVED, moved);
    addEventListener("popstate", moved);
    return () => {
      removeEventListener(MOVED, moved);
      removeEventListener("popstate", moved);
    };
  }, []);
  return path;
}

/**
 * Matches a path with a pattern: `matched("/desk/:project/:page?", path)` is `{ project, page }`, or undefined if it
 * does not fit.
 */
export function matched(pattern: string, path: string): Record<string, string> | undefined {
  const [wanted, given] = [pattern, path].map((text) => text.split("/").filter((part) => part !== ""));
  if (given.length > wanted.length) return undefined;
  const found: Record<string, string> = {};
  for (const [i, part] of wanted.entries()) {
    const value = given[i];
    if (!part.startsWith(":")) {
      if (value !== part) return undefined;
      continue;
    }
    const name = part.replace(/[:?]/g, "");
    if (value !== undefined) {
      try {
        found[name] = decodeURIComponent(value);
      } catch {
        return undefined;
      }
    } else if (!part.endsWith("?")) return undefined;
  }
  return found;
}

/** A link to another page of the site. */
export function Link({ href, ...rest }: JSX.IntrinsicElements["a"] & { href: string }) {
  return (
    <a
      {...rest}
      href={BASE + href}
      onClick={(event) => {
        if (event.button !== 0 || event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) return;
        event.preventDefault();
        navigate(href);
      }}
    />
  );
}
