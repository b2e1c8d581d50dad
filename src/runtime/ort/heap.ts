import koffi from "koffi";

/** Milliseconds until the heap is trimmed, at most once in so long. */
const DELAY = 1000;

let trim: (() => void) | undefined;
let timer: NodeJS.Timeout | undefined;

/**
 * Soon gives the free memory of the C heap back to the system. Sessions of changing shapes leave holes in it, which glibc
 * keeps; a trim takes some milliseconds. Other C libraries have no such call, and then nothing is done.
 */
export function trimHeapSoon(): void {
  if (timer) return;
  timer = setTimeout(() => {
    timer = undefined;
    trimHeap();
  }, DELAY).unref();
}

/** As `trimHeapSoon`, at once. */
export function trimHeap(): void {
  trim ??= findTrim();
  trim();
}

function findTrim(): () => void {
  try {
    const mallocTrim = koffi.load("libc.so.6").func("int malloc_trim(size_t pad)");
    return () => void mallocTrim(0);
  } catch {
    return () => {};
  }
}
