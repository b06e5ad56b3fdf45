/** A piece of a template. `at` is where it begins in the template. */
export type Token = TextToken | RawToken | OutputToken | TagToken | CommentToken;

export interface TextToken {
  kind: 'text';
  text: string;
  at: number;
}

/** Dashes at the braces: blanks before the token, or after it, are dropped. */
interface Trimming {
  trimsBefore: boolean;
  trimsAfter: boolean;
}

/** What stands between `raw` and `endraw`. */
export interface RawToken extends Trimming {
  kind: 'raw';
  text: string;
  at: number;
}

export interface OutputToken extends Trimming {
  kind: 'output';
  markup: string;
  at: number;
}

export interface TagToken extends Trimming {
  kind: 'tag';
  name: string;
  /** What follows the name. */
  markup: string;
  at: number;
}

export interface CommentToken extends Trimming {
  kind: 'comment';
  at: number;
}
