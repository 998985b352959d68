/** A line of a text file: its number, counted from 1, and its text without the line feed. */
export type Line = Readonly<{ number: number; text: string; refused?: string }>;

/** Longest line read, in UTF-16 units: no entry is longer, and memory stays bounded. */
const MAX_LINE_LENGTH = 1024 * 1024;

/**
 * Splits a byte stream into lines, one array of lines per chunk read. A carriage return before the
 * line feed stays (inside a quoted csv field it is data); a byte order mark goes. A line that is
 * too long or not UTF-8 comes with `refused` and an empty text.
 */
export async function* readLines(
  chunks: AsyncIterable<Uint8Array>,
  maxLength: number = MAX_LINE_LENGTH,
): AsyncGenerator<readonly Line[]> {
  const decoder = new TextDecoder('utf-8');
  const splitter = new Splitter(maxLength);
  for await (const chunk of chunks) {
    yield splitter.push(decoder.decode(chunk, { stream: true }));
  }
  yield [...splitter.push(decoder.decode()), ...splitter.end()];
}

class Splitter {
  private rest = '';
  private number = 0;
  private overflowed = false;

  constructor(private readonly maxLength: number) {}

  push(text: string): Line[] {
    const parts = (this.rest + text).split('\n');
    this.rest = parts.pop() ?? '';
    const lines = parts.map((part) => this.line(part));
    if (this.rest.length > this.maxLength) {
      this.overflowed = true;
      this.rest = '';
    }
    return lines;
  }

  end(): Line[] {
    return this.rest === '' && !this.overflowed ? [] : [this.line(this.rest)];
  }

  private line(text: string): Line {
    this.number++;
    const { number } = this;
    const tooLong = this.overflowed || text.length > this.maxLength;
    this.overflowed = false;
    if (tooLong) {
      return { number, text: '', refused: `the line is longer than ${this.maxLength} characters` };
    }
    // The decoder writes U+FFFD for bytes that are no UTF-8. Guessing what was meant is not ours.
    if (text.includes('\uFFFD')) return { number, text: '', refused: 'the line is not UTF-8' };
    return { number, text };
  }
}
