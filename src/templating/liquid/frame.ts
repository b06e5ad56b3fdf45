import { type Budget, MAX_CHARACTERS } from './budget.ts';
import { isPlaceable, LimitReached } from './errors.ts';
import type { Drop, Hash, Value } from './values/values.ts';

/** Ends a body before its end: the loop around it goes on with its next turn, or ends too. */
export type Interrupt = 'break' | 'continue';

/** What a rendering is given. */
export interface Inputs {
  /** Variables that the template may read by their bare names. */
  variables: Hash;
  /** Gives the value of a reference, by its number. */
  read(reference: number): Value;
  /** Gives the template that is included under this name. Throws LiquidError for one that is unknown. */
  include(name: string): Included;
  now: Date;
  budget: Budget;
  /** Whether outputs escape what they print for HTML. Absent: they do not. */
  escapesHtml?: boolean | undefined;
  /** What the tags of a dialect need to know, given to them as it is. */
  host?: unknown;
}

/** A template within another one: it reads and sets the variables of the outer one, and has references of its own. */
export interface Included {
  body: { render(frame: Frame): void };
  read: Inputs['read'];
}

/** Templates within templates within the outermost one: deeper ones print nothing. Source: personalization.md §3. */
export const MAX_INCLUDED_DEPTH = 2;

/** The state of one rendering: what was printed, the variables, and where loops are. */
export class Frame {
  readonly now: Date;
  /** Reads for the template that is being rendered, which may be an included one. */
  read: Inputs['read'];
  readonly budget: Budget;
  readonly escapesHtml: boolean;
  readonly host: unknown;
  readonly interrupts: Interrupt[] = [];
  /** Loops that are running, the innermost last. */
  readonly loops: Drop[] = [];
  /** How far each kind of loop came, for `offset: continue`. */
  readonly offsets = new Map<string, number>();
  /** Which value each cycle gives next. */
  readonly cycles = new Map<unknown, number>();
  readonly #include: Inputs['include'];
  readonly #variables: Hash;
  readonly #assigned = new Map<string, Value>();
  readonly #counters = new Map<string, Value>();
  /** Variables of loops, the innermost last. */
  readonly #scopes: Map<string, Value>[] = [];
  #includedDepth = 0;
  #assignedCharacters = 0;
  #output = '';

  constructor({ variables, read, include, now, budget, escapesHtml, host }: Inputs) {
    this.#variables = variables;
    this.read = read;
    this.#include = include;
    this.now = now;
    this.budget = budget;
    this.escapesHtml = escapesHtml === true;
    this.host = host;
  }

  get output(): string {
    return this.#output;
  }

  write(text: string): void {
    if (text === '') return;
    this.budget.text(text.length);
    if (this.#output.length + text.length > MAX_CHARACTERS)
      throw new LimitReached(`more than ${MAX_CHARACTERS} characters`);
    this.#output += text;
  }

  /** What `print` writes, which is not printed. */
  capture(print: () => void): string {
    const before = this.#output;
    this.#output = '';
    print();
    const captured = this.#output;
    this.#output = before;
    return captured;
  }

  /** What an included template prints. */
  included(name: string): string {
    if (this.#includedDepth === MAX_INCLUDED_DEPTH) return '';
    const { body, read } = this.#include(name);
    const outer = this.read;
    this.read = read;
    this.#includedDepth += 1;
    const text = this.capture(() => inBlock(name, () => body.render(this)));
    this.#includedDepth -= 1;
    this.read = outer;
    return text;
  }

  /** Loop variables hide assigned ones, which hide counters and what was given. */
  find(name: string): Value {
    for (let at = this.#scopes.length - 1; at >= 0; at -= 1) {
      const scope = this.#scopes[at];
      if (scope?.has(name)) return scope.get(name);
    }
    if (this.#assigned.has(name)) return this.#assigned.get(name);
    return this.counter(name);
  }

  /** Assigned variables outlive the loops in which they are set. */
  assign(name: string, value: Value): void {
    this.#assignedCharacters += this.#charactersOf(value) - this.#charactersOf(this.#assigned.get(name));
    if (this.#assignedCharacters > MAX_CHARACTERS)
      throw new LimitReached(`more than ${MAX_CHARACTERS} characters of assigned text`);
    this.#assigned.set(name, value);
  }

  /** Counts texts that variables hold in lists and records, from now on. */
  hold(characters: number): void {
    this.#assignedCharacters += characters;
    if (this.#assignedCharacters > MAX_CHARACTERS)
      throw new LimitReached(`more than ${MAX_CHARACTERS} characters of assigned text`);
  }

  /** All variables that can be read now, with their values. */
  visible(): Hash {
    const layers = [Object.entries(this.#variables), this.#counters, this.#assigned, ...this.#scopes];
    const members = layers.flatMap((layer) => [...layer]);
    this.budget.list(members.length);
    return Object.fromEntries(members);
  }

  #charactersOf(value: Value): number {
    if (typeof value === 'string') return value.length;
    if (!Array.isArray(value)) return 1;
    this.budget.work(8 * value.length);
    return value.reduce<number>((sum, item) => sum + (typeof item === 'string' ? item.length : 1), 1);
  }

  /** What `increment` and `decrement` count, which begins with what was given under that name. */
  counter(name: string): Value {
    if (this.#counters.has(name)) return this.#counters.get(name);
    return Object.hasOwn(this.#variables, name) ? this.#variables[name] : null;
  }

  setCounter(name: string, value: Value): void {
    this.#counters.set(name, value);
  }

  /** Runs `body` with a scope of its own for the variables of a loop. */
  withScope(body: (scope: Map<string, Value>) => void): void {
    const scope = new Map<string, Value>();
    this.#scopes.push(scope);
    body(scope);
    this.#scopes.pop();
  }
}

/** An error names the innermost block in which it arose. */
function inBlock(name: string, render: () => void): void {
  try {
    render();
  } catch (error) {
    if (isPlaceable(error)) error.block ??= name;
    throw error;
  }
}
