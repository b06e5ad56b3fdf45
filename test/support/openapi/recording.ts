import type { Place } from './samples.ts';

/** Asked of every object by the language, not by a reader. */
const ofTheLanguage = new Set(['toJSON', 'then', 'constructor', 'length', 'inspect', 'nodeType', 'asymmetricMatch']);

/**
 * A body that notes the names that are asked for and are not there. Only who knows a name asks for it; who lists the
 * members finds those that are there. `asked`: called with the place of the object and the name.
 */
export function recording<T extends object>(
  value: T,
  asked: (holder: Place, name: string) => void,
  place: Place = [],
): T {
  const note = (target: T, key: string | symbol) => {
    if (typeof key === 'string' && !Array.isArray(target) && !ofTheLanguage.has(key) && !Object.hasOwn(target, key))
      asked(place, key);
  };
  const children = new Map<unknown, unknown>();
  const wrapped = (key: string | symbol, child: unknown): unknown => {
    if (typeof child !== 'object' || child === null || typeof key === 'symbol') return child;
    const index = Array.isArray(value) ? 0 : key;
    const known = children.get(child) ?? recording(child, asked, [...place, index]);
    children.set(child, known);
    return known;
  };
  return new Proxy(value, {
    get(target, key, receiver) {
      note(target, key);
      return wrapped(key, Reflect.get(target, key, receiver));
    },
    has(target, key) {
      note(target, key);
      return Reflect.has(target, key);
    },
    getOwnPropertyDescriptor(target, key) {
      note(target, key);
      return Reflect.getOwnPropertyDescriptor(target, key);
    },
  });
}

/** A query that notes the names that are asked for. `''`: all were looked through, as for a list. */
export class RecordingQuery extends URLSearchParams {
  readonly #asked = new Set<string>();

  get asked(): Set<string> {
    return this.#asked;
  }

  override get(name: string): string | null {
    this.#asked.add(name);
    return super.get(name);
  }

  override getAll(name: string): string[] {
    this.#asked.add(name);
    return super.getAll(name);
  }

  override [Symbol.iterator]() {
    this.#asked.add('');
    return super[Symbol.iterator]();
  }
}
