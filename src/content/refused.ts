import { bounded } from '../lib/raw/bounded-texts.ts';

/**
 * A template or content block that is not taken. The message is the original's sentence, which its clients know as the
 * `message` of the answer. `errors`: what is wrong, each with its path.
 */
export class ContentRefused extends Error {
  readonly errors: readonly string[];

  constructor(sentence: string, errors: readonly string[]) {
    super(sentence);
    this.errors = bounded(errors);
  }
}
