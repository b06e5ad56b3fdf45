import { type ErrorCode, RequestError } from '../../errors.ts';
import { BoundedTexts, shortened } from './bounded-texts.ts';

/** Stages of checking, in order. Only the first stage with a problem is reported. */
const stages = ['shape', 'type', 'required', 'range', 'cross', 'campaign', 'size', 'template'] as const;
export type Stage = (typeof stages)[number];

/** Takes the problems that readers of raw JSON find. */
export interface Sink {
  /** `path`: the path from the root, such as `messages.android_push.buttons[1].text`. */
  add(stage: Stage, path: string, reason: string, code?: ErrorCode): void;
}

/** Most objects of one body that are watched. A body of 4 MB may have a million. */
const MOST_WATCHED = 1_000;

/** Collects the problems of one request, so that a caller sees all problems of the first failing stage at once. */
export class Problems implements Sink {
  readonly #stages = new Map<Stage, { code: ErrorCode; texts: BoundedTexts }>();
  readonly #minors = new BoundedTexts();
  readonly #warnings = new BoundedTexts();
  readonly #watchers: (() => void)[] = [];

  /** Keeps only problems with the code of the stage's first one, because an answer has one code. */
  add(stage: Stage, path: string, reason: string, code: ErrorCode = 'bad_request'): void {
    const found = this.#stages.get(stage) ?? { code, texts: new BoundedTexts() };
    this.#stages.set(stage, found);
    if (found.code === code) found.texts.add(`${path}: ${reason}`);
  }

  /** Adds to the answer's `errors` that a person or a channel was left out. The request stays good. */
  minor(text: string): void {
    this.#minors.add(text);
  }

  get minors(): readonly string[] {
    return this.#minors.lines;
  }

  /** Adds a remark that leaves nobody out. It is no error, because clients send again when an answer holds `errors`. */
  warn(text: string | (() => string)): void {
    this.#warnings.add(text);
  }

  /** Has `report` called at the end of the reading. false: it will not be, because there are too many. */
  watch(report: () => void): boolean {
    if (this.#watchers.length === MOST_WATCHED) return false;
    this.#watchers.push(report);
    return true;
  }

  /** To be called when everything is read: adds what only then can be known. */
  warnAtEnd(): void {
    for (const report of this.#watchers.splice(0)) report();
  }

  get warnings(): readonly string[] {
    return this.#warnings.lines;
  }

  get isEmpty(): boolean {
    return this.#stages.size === 0;
  }

  /** The problems of the first failing stage. */
  get texts(): readonly string[] {
    return this.#firstFailing()?.texts.lines ?? [];
  }

  /** Throws a RequestError with the first failing stage's problems. */
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
 * The problem that ended the reading of an object, as `path: reason`, without the caller's values.
 * It refuses the whole request, unless a caller catches it to apply the other objects.
 */
export class ObjectProblem extends RequestError {
  constructor(problem: string) {
    const text = shortened(problem);
    super('bad_request', [text]);
    this.message = text;
  }
}

/** Throws the first problem as ObjectProblem, for callers that stop there. */
export const firstProblem: Sink = {
  add(_stage, path, reason) {
    throw new ObjectProblem(`${path}: ${reason}`);
  },
};
