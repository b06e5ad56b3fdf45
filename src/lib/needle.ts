const LONG_NEEDLE = 200;

/** A text that is looked for in others, in time that grows with their length however both are made. */
export class Needle {
  readonly text: string;
  #borders: Int32Array | null = null;

  constructor(text: string) {
    this.text = text;
  }

  /** Position of the first occurrence at or after `from`; -1 if none. */
  indexIn(haystack: string, from = 0): number {
    // The engine's own search has its bad cases with long texts only.
    return this.text.length <= LONG_NEEDLE ? haystack.indexOf(this.text, from) : this.#search(haystack, from);
  }

  /** Knuth, Morris and Pratt. */
  #search(haystack: string, from: number): number {
    const needle = this.text;
    this.#borders ??= bordersOf(needle);
    let matched = 0;
    for (let at = from; at < haystack.length; at += 1) {
      const unit = haystack.charCodeAt(at);
      while (matched > 0 && needle.charCodeAt(matched) !== unit) matched = this.#borders[matched - 1] ?? 0;
      if (needle.charCodeAt(matched) === unit) matched += 1;
      if (matched === needle.length) return at - matched + 1;
    }
    return -1;
  }
}

/** For each prefix, how long its longest proper prefix is that is also its end. */
function bordersOf(text: string): Int32Array {
  const borders = new Int32Array(text.length);
  let matched = 0;
  for (let at = 1; at < text.length; at += 1) {
    const unit = text.charCodeAt(at);
    while (matched > 0 && text.charCodeAt(matched) !== unit) matched = borders[matched - 1] ?? 0;
    if (text.charCodeAt(matched) === unit) matched += 1;
    borders[at] = matched;
  }
  return borders;
}
