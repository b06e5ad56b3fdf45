import { type ErrorCode, RequestError } from '../../errors.ts';
import { BoundedTexts, shortened } from './bounded-texts.ts';

/** Stages of checking, in order. The first stage with a problem is reported, and those of `together` with each other. */
const stages = ['shape', 'type', 'required', 'range', 'cross', 'campaign', 'size', 'template'] as const;
export type Stage = (typeof stages)[number];
/** The stages that only look at members and their values. */
const together: readonly Stage[] = ['shape', 'type', 'required', 'range', 'cross'];

/** Takes the problems that readers of raw JSON find. */
export interface Sink {
  /** `path`: the path from the root, such as `messages.android_push.buttons[1].text`. */
  add(stage: Stage, path: string, reason: string, code?: ErrorCode): void;
}

/** Most objects of one body that are watched. A body of 4 MB may have a million. */
const MOST_WATCHED = 1_000;
/** Most unknown members of a refused body that are looked at for what they were meant to be. */
const MOST_HINTS = 100;

/** An object whose unknown members are ignored. */
export interface Watcher {
  /** Adds a warning for each member that is not known by now. */
  warnOfUnknown(): void;
  /** Looks at up to `most` unknown members, and says which known member that is missing they were meant to be. */
  hints(most: number): { looked: number; hints: readonly string[] };
}

interface Found {
  code: ErrorCode;
  texts: BoundedTexts;
  /** The places of the first ones. */
  paths: string[];
}

/** Most places of a stage that are kept. */
const MOST_PATHS = 100;

/** Collects the problems of one request, so that a caller sees all problems of the first failing stage at once. */
export class Problems implements Sink {
  readonly #stages = new Map<Stage, Found>();
  readonly #minors = new BoundedTexts();
  readonly #warnings = new BoundedTexts();
  readonly #watchers: Watcher[] = [];

  /** Keeps only problems with the code of the stage's first one, because an answer has one code. */
  add(stage: Stage, path: string, reason: string, code: ErrorCode = 'bad_request'): void {
    const found = this.#stages.get(stage) ?? { code, texts: new BoundedTexts(), paths: [] };
    this.#stages.set(stage, found);
    if (found.code !== code) return;
    found.texts.add(`${path}: ${reason}`);
    if (found.paths.length < MOST_PATHS) found.paths.push(path);
  }

  /** Adds to the answer's `errors` that a person or a channel was left out. The request stays good. */
  minor(text: string | (() => string)): void {
    this.#minors.add(text);
  }

  get minors(): readonly string[] {
    return this.#minors.lines;
  }

  /** Adds a remark that leaves nobody out. It is no error, because clients send again when an answer holds `errors`. */
  warn(text: string | (() => string)): void {
    this.#warnings.add(text);
  }

  /** Has the watcher asked at the end of the reading. false: it will not be, because there are too many. */
  watch(watcher: Watcher): boolean {
    if (this.#watchers.length === MOST_WATCHED) return false;
    this.#watchers.push(watcher);
    return true;
  }

  /** To be called when everything is read: adds what only then can be known. */
  warnAtEnd(): void {
    for (const watcher of this.#watchers.splice(0)) watcher.warnOfUnknown();
  }

  get warnings(): readonly string[] {
    return this.#warnings.lines;
  }

  get isEmpty(): boolean {
    return this.#stages.size === 0;
  }

  /**
   * The problems of the first failing stage, with those of the stages `together` that have the same code. A later one
   * at the place of an earlier one, or around it, follows from it and is left out.
   */
  get texts(): readonly string[] {
    return this.#reported().lines;
  }

  /** Throws a RequestError with the problems of the first failing stage, and what unknown members were meant to be. */
  throwIfAny(): void {
    if (this.isEmpty) return;
    const [first] = this.#failing();
    if (first === undefined) return;
    const texts = this.#reported();
    for (const hint of this.#hints()) texts.add(hint);
    throw new RequestError(first.code, texts.lines);
  }

  #reported(): BoundedTexts {
    const texts = new BoundedTexts();
    const known: string[] = [];
    for (const { texts: found, paths } of this.#failing()) {
      texts.addAll(found, (index) => {
        const path = paths[index];
        return path === undefined || !known.some((earlier) => isAtOrIn(earlier, path));
      });
      known.push(...paths);
    }
    return texts;
  }

  /** The first failing stage, and those that are reported with it. */
  #failing(): Found[] {
    const failing = stages.filter((one) => this.#stages.has(one));
    const [first] = failing;
    if (first === undefined) return [];
    const reported = together.includes(first) ? failing.filter((stage) => together.includes(stage)) : [first];
    const found = reported.flatMap((stage) => this.#stages.get(stage) ?? []);
    return found.filter(({ code }) => code === found[0]?.code);
  }

  #hints(): string[] {
    const told: string[] = [];
    let left = MOST_HINTS;
    for (const watcher of this.#watchers) {
      if (left <= 0) break;
      const { looked, hints } = watcher.hints(left);
      told.push(...hints);
      left -= looked;
    }
    return told;
  }
}

function isAtOrIn(path: string, outer: string): boolean {
  return path === outer || path.startsWith(`${outer}.`) || path.startsWith(`${outer}[`);
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
