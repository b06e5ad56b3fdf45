import { describe, type RawObject } from '../../lib/raw/json.ts';
import { ObjectReader } from '../../lib/raw/object-reader.ts';
import { Problems } from '../../lib/raw/problems.ts';
import { isStorable } from '../../lib/raw/storable.ts';

/** Reads the body of an operator call. Unlike the public API, it takes no value for another and no unknown member. */
export class BodyReader extends ObjectReader<Problems> {
  constructor(body: RawObject, known: readonly string[]) {
    super(body, '', new Problems());
    this.refuseUnknown(known);
  }

  /** A text of `least` to `most` characters. Absent: refused. */
  text(key: string, { least = 1, most }: { least?: number; most: number }): string {
    const value = this.get(key);
    if (typeof value !== 'string') this.refuse(key, `expected a text, got ${describe(value)}`);
    else if (value.length < least || value.length > most) this.refuse(key, `expected ${least} to ${most} characters`);
    else if (!isStorable(value)) this.refuse(key, 'expected Unicode text without NUL');
    else return value;
    return '';
  }

  optionalText(key: string, limits: { least?: number; most: number }): string | undefined {
    return this.has(key) ? this.text(key, limits) : undefined;
  }

  /** One of `words`. Absent: refused. */
  oneOf<const W extends string>(key: string, words: readonly [W, ...W[]]): W {
    if (!this.has(key)) this.refuse(key, `expected one of ${words.join(', ')}, got nothing`, 'required');
    return this.word(key, words) ?? words[0];
  }

  /** Throws RequestError with everything that was wrong. */
  end(): void {
    this.problems.throwIfAny();
  }
}
