import { type ErrorCode, RequestError } from '../errors.ts';
import { BoundedTexts, shortened } from './bounded-texts.ts';

/** In the order in which they are checked; the first stage with a problem is the one that is reported. */
const stages = ['shape', 'type', 'required', 'range', 'cross', 'campaign', 'size', 'template'] as const;
export type Stage = (typeof stages)[number];

/** Where the readers of raw JSON file what is wrong. */
export interface Sink {
  /** `path` is dotted from the root: `messages.android_push.buttons[1].text`. */
  add(stage: Stage, path: string, reason: string, code?: ErrorCode): void;
}

/** Collects what is wrong with one request, so that a caller sees all problems of the first failing stage at once. */
export class Problems implements Sink {
  readonly #stages = new Map<Stage, { code: ErrorCode; texts: BoundedTexts }>();
  readonly #minors = new BoundedTexts();

  /** Of one stage, problems with another code than the first are not kept: an answer has one code. */
  add(stage: Stage, path: string, reason: string, code: ErrorCode = 'bad_request'): void {
    const found = this.#stages.get(stage) ?? { code, texts: new BoundedTexts() };
    this.#stages.set(stage, found);
    if (found.code === code) found.texts.add(`${path}: ${reason}`);
  }

  /** Something dropped or clamped: the request stays good, the answer tells. */
  minor(text: string): void {
    this.#minors.add(text);
  }

  get minors(): readonly string[] {
    return this.#minors.lines;
  }

  get isEmpty(): boolean {
    return this.#stages.size === 0;
  }

  /** The problems of the first failing stage. */
  get texts(): readonly string[] {
    return this.#firstFailing()?.texts.lines ?? [];
  }

  /** Throws the first failing stage's problems, under the code of the first of them. */
  throwIfAny(): void {
    const failing = this.#firstFailing();
    if (failing !== undefined) throw new RequestError(failing.code, failing.texts.lines);
  }

  #firstFailing() {
    const stage = stages.find((one) => this.#stages.has(one));
    return stage === undefined ? undefined : this.#stages.get(stage);
  }
}

/**
 * The one problem that ended the reading of an object, `path: reason`. Holds no value of the caller's.
 * It refuses the whole request unless somebody catches it because the other objects are applied all the same.
 */
export class ObjectProblem extends RequestError {
  constructor(problem: string) {
    const text = shortened(problem);
    super('bad_request', [text]);
    this.message = text;
  }
}

/** For callers that stop at the first problem: it is thrown as ObjectProblem. */
export const firstProblem: Sink = {
  add(_stage, path, reason) {
    throw new ObjectProblem(`${path}: ${reason}`);
  },
};
