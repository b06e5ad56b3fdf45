import { type ErrorCode, RequestError } from '../errors.ts';

/** In the order in which they are checked; the first stage with a problem is the one that is reported. */
const stages = ['shape', 'type', 'required', 'range', 'cross', 'campaign', 'size', 'template'] as const;
export type Stage = (typeof stages)[number];

interface Problem {
  stage: Stage;
  code: ErrorCode;
  text: string;
}

/** Collects what is wrong with one request, so that a caller sees all problems of the first failing stage at once. */
export class Problems {
  readonly #fatal: Problem[] = [];
  readonly #minor: string[] = [];

  /** `path` is dotted from the body's root: `messages.android_push.buttons[1].text`. */
  add(stage: Stage, path: string, reason: string, code: ErrorCode = 'bad_request'): void {
    this.#fatal.push({ stage, code, text: `${path}: ${reason}` });
  }

  /** Something dropped or clamped: the request stays good, the answer tells. */
  minor(text: string): void {
    this.#minor.push(text);
  }

  get minors(): readonly string[] {
    return this.#minor;
  }

  get isEmpty(): boolean {
    return this.#fatal.length === 0;
  }

  /** Throws the first failing stage's problems, under the name of the first of them. */
  throwIfAny(): void {
    for (const stage of stages) {
      const found = this.#fatal.filter((problem) => problem.stage === stage);
      const [first] = found;
      if (first === undefined) continue;
      const named = found.filter(({ code }) => code === first.code);
      throw new RequestError(
        first.code,
        named.map(({ text }) => text),
      );
    }
  }
}
