import koffi from "koffi";

/** Milliseconds until the heap is trimmed, and the least between two trims. */
const DELAY = 1000;
/** mallopt's parameter for the size from which memory is mapped (malloc.h). */
const M_MMAP_THRESHOLD = -3;
/** Size in bytes from which an allocation gets its own mapping. */
const MAPPED_BYTES = 4 * 2 ** 20;

let heap: { trim(): void; mapFrom(bytes: number): void } | undefined;
let timer: NodeJS.Timeout | undefined;

/**
 * Makes large blocks of the C heap return to the system when they are freed, from now on. By default, glibc raises the
 * size from which this happens up to 32 MB as it sees such blocks freed; copies of weights that a compilation makes and
 * drops then remain as holes. Measured peak: 271 MB instead of 393 MB, for two layers with a head of 16384 x 256.
 */
export function mapLargeBlocks(): void {
  heap ??= findHeap();
  heap.mapFrom(MAPPED_BYTES);
}

/**
 * Returns the free memory of the C heap to the system, after a delay. Sessions of changing shapes leave holes in it,
 * which glibc keeps; a trim takes a few milliseconds.
 */
export function trimHeapSoon(): void {
  if (timer) return;
  timer = setTimeout(() => {
    timer = undefined;
    trimHeap();
  }, DELAY).unref();
}

/** Like `trimHeapSoon`, at once. */
export function trimHeap(): void {
  heap ??= findHeap();
  heap.trim();
}

/** glibc's functions; with other C libraries, which lack them, nothing is done. */
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
