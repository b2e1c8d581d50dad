/**
 * Calls `work` on items while more are read, at most `ahead` at a time, and yields the results in the order of the
 * items. If reading fails, the error comes after the results of the items read before.
 */
export async function* inOrder<T, R>(
  items: AsyncIterable<T>,
  work: (item: T) => Promise<R>,
  ahead: number,
): AsyncGenerator<R> {
  const source = items[Symbol.asyncIterator]();
  const results: Promise<R>[] = [];
  let reading: Promise<{ item: T } | "end"> | undefined;
  let failure: { error: unknown } | undefined;
  let ended = false;
  const read = async (): Promise<{ item: T } | "end"> => {
    try {
      const next = await source.next();
      return next.done ? "end" : { item: next.value };
    } catch (error) {
      failure = { error };
      return "end";
    }
  };
  const working = async (): Promise<"result"> => {
    await results[0];
    return "result";
  };
  while (!ended || results.length > 0) {
    if (!ended && results.length < ahead) reading ??= read();
    const events: Promise<{ item: T } | "end" | "result">[] = reading ? [reading] : [];
    if (results.length > 0) events.push(working());
    const event = await Promise.race(events);
    if (event === "result") yield (await results.shift()) as R;
    else if (event === "end") [ended, reading] = [true, undefined];
    else {
      reading = undefined;
      const result = work(event.item);
      result.catch(() => undefined); // it is thrown when its turn comes
      results.push(result);
    }
  }
  if (failure) throw failure.error;
}
