import { ObjectProblem } from '../lib/raw/problems.ts';

/** The codes that the original documents for the errors of /users/track. Source: adjacent-endpoints.md §2.1. */
export type TrackCode =
  | 'BAD_DEVICE_ID'
  | 'BAD_EMAIL_SUBSCRIPTION_STATE'
  | 'BAD_LOCATION_UPDATE'
  | 'BAD_PUSH_SUBSCRIPTION_STATE'
  | 'BAD_PUSH_TOKEN_APP_ID'
  | 'BAD_PUSH_TOKEN_IMPORT'
  | 'BAD_PUSH_TOKEN_STRING'
  | 'BAD_PUSH_TOKEN_VALUE'
  | 'BAD_SUBSCRIPTION_GROUP_ARRAY'
  | 'BAD_SUBSCRIPTION_GROUP_HASH'
  | 'BAD_SUBSCRIPTION_GROUP_ID'
  | 'BAD_SUBSCRIPTION_GROUP_STATE';

/** A problem for which the original has a code. The message says what exactly is wrong. */
export class CodedProblem extends ObjectProblem {
  readonly trackCode: TrackCode;

  constructor(trackCode: TrackCode, problem: string) {
    super(problem);
    this.trackCode = trackCode;
  }
}

/** The problem for which a whole object is refused, with what else is wrong in it. */
export class ObjectRefusal extends ObjectProblem {
  readonly problem: ObjectProblem;
  readonly others: readonly Remark[];

  constructor(problem: ObjectProblem, others: readonly Remark[]) {
    super(problem.message);
    this.problem = problem;
    this.others = others;
  }
}

/** Reads all parts of an object that is refused whole. Throws ObjectRefusal with the problems of all of them. */
export function readAll<T extends object>(parts: { readonly [K in keyof T]: () => T[K] }): T {
  const read: Partial<T> = {};
  const problems: ObjectProblem[] = [];
  for (const key of Object.keys(parts) as (keyof T)[]) {
    try {
      read[key] = parts[key]();
    } catch (error) {
      if (!(error instanceof ObjectProblem)) throw error;
      problems.push(error);
    }
  }
  const [first, ...others] = problems;
  if (first !== undefined) throw new ObjectRefusal(first, others.map(remarkOf));
  return read as T;
}

/** Reads, and gives the problem a code if there is one. */
export function coded<T>(code: TrackCode, read: () => T): T {
  try {
    return read();
  } catch (error) {
    throw error instanceof ObjectProblem ? new CodedProblem(code, error.message) : error;
  }
}

/** What is wrong with an object or a part of it, in the form of the answer. */
export interface Remark {
  /** A sentence, or the original's code. */
  type: string;
  /** What exactly is wrong. Only beside a code. */
  detail?: string;
}

/** All that is wrong with a refused object, the reason for the refusal first. */
export function remarksOfRefusal(problem: ObjectProblem): Remark[] {
  return problem instanceof ObjectRefusal ? [remarkOf(problem.problem), ...problem.others] : [remarkOf(problem)];
}

/** The problem in the form of the answer. */
export function remarkOf(problem: ObjectProblem): Remark {
  return problem instanceof CodedProblem
    ? { type: problem.trackCode, detail: problem.message }
    : { type: problem.message };
}

/** The sentence that says what is wrong. */
export function sentenceOf({ type, detail }: Remark): string {
  return detail ?? type;
}

const MOST_REMARKS = 10;

/** What was left out of one object while the rest of it was kept: at most ten remarks, and how many more there were. */
export class Remarks {
  readonly #kept: Remark[] = [];
  #dropped = 0;

  add(text: string): void {
    this.#add({ type: text });
  }

  /** Reads a part of the object. If the part is wrong, adds its problem and returns undefined. */
  keep<T>(read: () => T): T | undefined {
    try {
      return read();
    } catch (error) {
      if (!(error instanceof ObjectProblem)) throw error;
      this.#add(remarkOf(error));
      return undefined;
    }
  }

  get all(): readonly Remark[] {
    return this.#dropped === 0 ? this.#kept : [...this.#kept, { type: `and ${this.#dropped} more` }];
  }

  #add(remark: Remark): void {
    if (this.#kept.length < MOST_REMARKS) this.#kept.push(remark);
    else this.#dropped += 1;
  }
}
