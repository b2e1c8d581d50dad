/** The encodings that text files come in: UTF-8, and UTF-16 where a byte order mark says so. */
import { PlumbError } from "../base/errors.js";

const HINT = "Save the file as UTF-8.";
/** Marks at the beginning of a file, longest first, since that of UTF-16 begins UTF-32's. */
const MARKS = [
  { bytes: [0xff, 0xfe, 0, 0], encoding: "UTF-32" },
  { bytes: [0, 0, 0xfe, 0xff], encoding: "UTF-32" },
  { bytes: [0xff, 0xfe], encoding: "UTF-16", swapped: false },
  { bytes: [0xfe, 0xff], encoding: "UTF-16", swapped: true },
] as const;
const LONGEST_MARK = 4;

/**
 * The bytes as they are, or as UTF-8 if they begin with UTF-16's mark. @throws PlumbError naming the encoding if they
 * are UTF-32, or no valid UTF-16.
 */
export async function* asUtf8(bytes: AsyncIterable<Buffer>, name: string): AsyncGenerator<Buffer> {
  let recode: ((chunk: Buffer, last: boolean) => Buffer) | undefined;
  let start: Buffer | undefined = Buffer.alloc(0);
  for await (const chunk of bytes) {
    let next = chunk;
    if (start !== undefined) {
      start = Buffer.concat([start, chunk]);
      if (start.length < LONGEST_MARK) continue;
      recode = recoderOf(start, name);
      next = start;
      start = undefined;
    }
    yield recode?.(next, false) ?? next;
  }
  if (start !== undefined && start.length > 0) yield recoderOf(start, name)?.(start, true) ?? start;
  else if (recode !== undefined) yield recode(Buffer.alloc(0), true);
}

/** What makes UTF-8 of a file that begins so; undefined if it needs nothing. */
function recoderOf(start: Buffer, name: string): ((chunk: Buffer, last: boolean) => Buffer) | undefined {
  const mark = MARKS.find(({ bytes }) => bytes.every((byte, i) => start[i] === byte));
  if (mark === undefined) return undefined;
  if (!("swapped" in mark)) throw new PlumbError(`${name} is ${mark.encoding}`, { hint: HINT });
  const decoder = new TextDecoder("utf-16le", { fatal: true });
  let odd = Buffer.alloc(0);
  return (chunk, last) => {
    const whole = Buffer.concat([odd, chunk]);
    const even = Buffer.from(whole.subarray(0, whole.length - (whole.length % 2)));
    odd = Buffer.from(whole.subarray(even.length));
    try {
      if (odd.length > 0 && last) throw new TypeError("half a character is missing");
      return Buffer.from(decoder.decode(mark.swapped ? even.swap16() : even, { stream: !last }));
    } catch (cause) {
      throw new PlumbError(`${name} is not valid ${mark.encoding}, as its byte order mark says`, {
        hint: HINT,
        cause,
      });
    }
  };
}

const utf8 = new TextDecoder("utf-8", { fatal: true });

/** The text of bytes in UTF-8, without a mark; or what is wrong with them and a hint. */
export function utf8Text(bytes: Buffer): string | [problem: string, hint: string] {
  try {
    return utf8.decode(bytes);
  } catch {
    const back = Buffer.from(bytes.toString("utf8"));
    const at = bytes.findIndex((byte, i) => byte !== back[i]);
    const byte = `0x${bytes[at < 0 ? 0 : at].toString(16).toUpperCase().padStart(2, "0")}`;
    return [
      `not valid UTF-8: byte ${byte}${at > 0 ? ` after ${JSON.stringify(bytes.subarray(0, at).toString("utf8").slice(-20))}` : ""}`,
      `${HINT} It may be Latin-1, Windows-1252 or another encoding, or hold binary data.`,
    ];
  }
}
