import { RequestError } from '../errors.ts';

/** A path as it is registered, with `:name` for a part of any text or of a pattern, `*` for the rest, and a method that it takes. */
interface Registered {
  path: string;
  method: string;
}

/**
 * The methods of all paths. Fastify has a tree of paths for each method, so it does not know that a path that it did not find
 * takes another method.
 */
export class Methods {
  readonly #byPath = new Map<string, string[]>();
  #shapes: { shape: RegExp; methods: readonly string[] }[] | null = null;

  constructor(routes: readonly Registered[]) {
    for (const { path, method } of routes) this.#byPath.set(path, [...(this.#byPath.get(path) ?? []), method]);
  }

  /** The methods that the path of a URL takes. null: no path is like it. */
  of(url: string): readonly string[] | null {
    this.#shapes ??= [...this.#byPath].map(([path, methods]) => ({ shape: shapeOf(path), methods }));
    const path = plain(url);
    return this.#shapes.find(({ shape }) => shape.test(path))?.methods ?? null;
  }

  /**
   * Paths that take a method only as the text of another path's part: `GET /dispatches/lists` would be answered as a dispatch
   * named `lists`. Each with the methods that must be refused by name.
   */
  mistaken(): { path: string; methods: string[]; taken: readonly string[] }[] {
    const loose = [...this.#byPath].filter(([path]) => /[:*]/.test(path));
    const others = loose.map(([path, methods]) => ({ path, shape: shapeOf(path), methods }));
    return [...this.#byPath].flatMap(([path, taken]) => {
      const answering = others.filter((other) => other.path !== path && other.shape.test(path));
      const methods = new Set(answering.flatMap((other) => other.methods)).difference(new Set(taken));
      return methods.size === 0 ? [] : [{ path, methods: [...methods], taken }];
    });
  }
}

export function methodNotAllowed(taken: readonly string[]): RequestError {
  return new RequestError('method_not_allowed', [`use ${taken.join(' or ')}`]);
}

/** Without query, and without slashes that do no harm. */
function plain(url: string): string {
  return url
    .replace(/[?#].*$/s, '')
    .replace(/\/{2,}/g, '/')
    .replace(/(.)\/$/, '$1');
}

/** The pattern that a part's text has, as in `:code(^[a-z]+$)`. */
const PATTERN = /\(\^(.*)\$\)$/;

function shapeOf(path: string): RegExp {
  const parts = path.split('/').map((part) => {
    if (part === '*') return '.*';
    if (!part.startsWith(':')) return RegExp.escape(part);
    return part.match(PATTERN)?.[1] ?? '[^/]+';
  });
  return new RegExp(`^${parts.join('/')}$`, 's');
}
