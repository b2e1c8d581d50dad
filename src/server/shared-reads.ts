/**
 * A read that many ask for at once, done as seldom as can be: who asks while it is done waits for the next one,
 * together with all who ask meanwhile. So at most two are under way for a key, and nobody is told what is older than
 * the question.
 */
export class SharedReads<T> {
  private readonly running = new Map<string, Promise<void>>();
  private readonly next = new Map<string, Promise<T>>();

  ask(key: string, read: () => Promise<T>): Promise<T> {
    const coming = this.next.get(key);
    if (coming !== undefined) return coming;
    const before = this.running.get(key);
    if (before === undefined) return this.start(key, read);
    const after = before.then(() => {
      this.next.delete(key);
      return this.start(key, read);
    });
    this.next.set(key, after);
    return after;
  }

  private start(key: string, read: () => Promise<T>): Promise<T> {
    const result = read();
    const ended = () => void this.running.delete(key);
    this.running.set(key, result.then(ended, ended));
    return result;
  }
}
