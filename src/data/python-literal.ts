/** Python's literals of lists, dictionaries, text and numbers, as pandas writes them into cells of CSV. */

/** Deepest nesting that is read. */
const MAX_DEPTH = 64;

const NAMES: Record<string, unknown> = { True: true, False: false, None: null };
const ESCAPES: Record<string, string> = {
  n: "\n",
  t: "\t",
  r: "\r",
  a: "\x07",
  b: "\b",
  f: "\f",
  v: "\v",
  "0": "\0",
  "\\": "\\",
  "'": "'",
  '"': '"',
  "\n": "",
};
/** Escapes of a character by its number: digits of each. */
const NUMBERED: Record<string, number> = { x: 2, u: 4, U: 8 };

/**
 * The value of a Python literal (`repr` of lists, tuples, dictionaries with text as keys, text, numbers, True, False,
 * None), in time that grows with its length. Dictionaries that follow each other without a comma, as NumPy writes an
 * array of them, are elements as well. Nothing is evaluated.
 *
 * @throws SyntaxError at the first character that is no such literal.
 */
export function parsePythonLiteral(text: string): unknown {
  const reader = new LiteralReader(text);
  const value = reader.value(0);
  reader.end();
  return value;
}

class LiteralReader {
  private at = 0;

  constructor(private readonly text: string) {}

  value(depth: number): unknown {
    if (depth > MAX_DEPTH) throw this.fault(`more than ${MAX_DEPTH} levels`);
    this.space();
    const first = this.text[this.at];
    if (first === "[" || first === "(") return this.list(first === "[" ? "]" : ")", depth);
    if (first === "{") return this.dictionary(depth);
    if (first === "'" || first === '"') return this.string();
    return this.word();
  }

  end(): void {
    this.space();
    if (this.at < this.text.length) throw this.fault("text after the value");
  }

  private list(close: string, depth: number): unknown[] {
    const values: unknown[] = [];
    this.at++;
    for (;;) {
      this.space();
      if (this.take(close)) return values;
      values.push(this.value(depth + 1));
      this.space();
      const beside = this.text[this.at - 1] !== "," && this.text[this.at] === "{";
      if (!this.take(",") && !beside && this.text[this.at] !== close)
        throw this.fault(`no "," or "${close}"`);
    }
  }

  private dictionary(depth: number): Record<string, unknown> {
    const entries: [string, unknown][] = [];
    this.at++;
    for (;;) {
      this.space();
      if (this.take("}")) return Object.fromEntries(entries);
      const key = this.value(depth + 1);
      if (typeof key !== "string") throw this.fault("a key that is no text");
      this.space();
      if (!this.take(":")) throw this.fault('no ":" after a key');
      entries.push([key, this.value(depth + 1)]);
      this.space();
      if (!this.take(",") && this.text[this.at] !== "}") throw this.fault('no "," or "}"');
    }
  }

  private string(): string {
    const quote = this.text[this.at++];
    const parts: string[] = [];
    for (;;) {
      let end = this.at;
      while (end < this.text.length && this.text[end] !== quote && this.text[end] !== "\\") end++;
      parts.push(this.text.slice(this.at, end));
      this.at = end + 1;
      if (end >= this.text.length) throw this.fault("text without an end");
      if (this.text[end] === quote) return parts.join("");
      parts.push(this.escape());
    }
  }

  private escape(): string {
    const name = this.text[this.at++] ?? "";
    const digits = NUMBERED[name];
    if (digits === undefined) {
      const plain = ESCAPES[name];
      if (plain === undefined) throw this.fault(`the escape \\${name}`);
      return plain;
    }
    const code = this.text.slice(this.at, this.at + digits);
    if (code.length < digits || !/^[\da-f]+$/i.test(code) || Number.parseInt(code, 16) > 0x10ffff)
      throw this.fault(`the escape \\${name}${code}`);
    this.at += digits;
    return String.fromCodePoint(Number.parseInt(code, 16));
  }

  private word(): unknown {
    let end = this.at;
    while (end < this.text.length && /[\w.+-]/.test(this.text[end])) end++;
    const word = this.text.slice(this.at, end);
    if (Object.hasOwn(NAMES, word)) {
      this.at = end;
      return NAMES[word];
    }
    if (!/^[+-]?(?:\d+(?:\.\d*)?|\.\d+)(?:e[+-]?\d+)?$/i.test(word)) throw this.fault("what is no literal");
    this.at = end;
    const number = Number(word);
    // Whole numbers keep their digits, as in JSON.
    return /^[+-]?\d+$/.test(word) && !Number.isSafeInteger(number) ? word : number;
  }

  private take(character: string): boolean {
    if (this.text[this.at] !== character) return false;
    this.at++;
    return true;
  }

  private space(): void {
    while (this.at < this.text.length && " \t\r\n".includes(this.text[this.at])) this.at++;
  }

  private fault(what: string): SyntaxError {
    return new SyntaxError(`${what} at character ${Math.min(this.at, this.text.length) + 1}`);
  }
}
