import koffi from "koffi";

/** Milliseconds until the heap is trimmed, at most once in so long. */
const DELAY = 1000;
/** mallopt's name for the size from which memory is mapped (malloc.h). */
const M_MMAP_THRESHOLD = -3;
/** Bytes from which an allocation is a mapping of its own. */
const MAPPED_BYTES = 4 * 2 ** 20;

let heap: { trim(): void; mapFrom(bytes: number): void } | undefined;
let timer: NodeJS.Timeout | undefined;

/**
 * From now on large blocks of the C heap go back to the system when they are freed. By itself glibc raises the size from
 * which they do up to 32 MB as it sees such blocks freed; copies of weights that a compilation makes and drops then stay as
 * holes. Measured: 393 MB instead of 271 MB at most, two layers with a head of 16384 x 256.
 */
export function mapLargeBlocks(): void {
  heap ??= findHeap();
  heap.mapFrom(MAPPED_BYTES);
}

/**
 * Soon gives the free memory of the C heap back to the system. Sessions of changing shapes leave holes in it, which glibc
 * keeps; a trim takes some milliseconds.
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
  heap ??= findHeap();
  heap.trim();
}

/** glibc's calls; other C libraries have none such, and then nothing is done. */
function findHeap(): NonNullable<typeof heap> {
  try {
    const libc = koffi.load("libc.so.6");
    const trim = libc.func("int malloc_trim(size_t pad)");
    const option = libc.func("int mallopt(int parameter, int value)");
    return { trim: () => void trim(0), mapFrom: (bytes) => void option(M_MMAP_THRESHOLD, bytes) };
  } catch {
    return { trim: () => {}, mapFrom: () => {} };
  }
}
