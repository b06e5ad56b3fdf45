import fc from 'fast-check';

const oddities: unknown[] = [
  null,
  '',
  ' ',
  0,
  -1,
  1.5,
  1e308,
  true,
  [],
  {},
  [[]],
  [null],
  'true',
  '\u0000',
  '\ud800',
  '😀'.repeat(50),
  'x'.repeat(5_000),
  '{{',
  '{% if %}',
  '{{${a}',
  '{{ 1 | divided_by: 0 }}',
  '{% for i in (1..20000) %}x{% endfor %}',
  '{{ "a" | nosuch }}',
  '{% abort_message("x") %}',
  '(a+)+$',
  '2026-02-30',
  '__proto__',
  'constructor',
  { __proto__: null, toString: 1 },
  JSON.parse('{"__proto__":{"polluted":true}}'),
  { AND: [] },
  { OR: [{ AND: [{}] }] },
];
const keys = ['__proto__', 'constructor', 'prototype', 'toString', 'hasOwnProperty', 'length', 'messages', 'email', ''];

export type Mutation = { path: number; value: unknown; how: 'replace' | 'remove' | 'add' | 'nest'; key: string };

/** One change of a JSON value at any of its places. */
export const mutation: fc.Arbitrary<Mutation> = fc.record({
  path: fc.nat(),
  value: fc.oneof(
    { weight: 3, arbitrary: fc.constantFrom(...oddities) },
    fc.jsonValue({ maxDepth: 4 }),
    fc.string({ unit: 'binary' }),
  ),
  how: fc.constantFrom('replace', 'replace', 'remove', 'add', 'nest'),
  key: fc.oneof(fc.constantFrom(...keys), fc.string()),
});

/** All positions in a JSON value, each as its container and key. */
function places(value: unknown): [Record<string, unknown>, string][] {
  if (typeof value !== 'object' || value === null) return [];
  return Object.keys(value).flatMap(
    (key) =>
      [[value as Record<string, unknown>, key], ...places(Reflect.get(value, key))] as [
        Record<string, unknown>,
        string,
      ][],
  );
}

/** Changes the body, place by place, and returns it. */
export function mutate(body: object, mutations: Mutation[]): object {
  for (const { path, value: given, how, key } of mutations) {
    const value: unknown = JSON.parse(JSON.stringify(given) ?? 'null'); // a copy: two bodies must not share it
    const all = places(body);
    const [holder, at] = all[path % Math.max(all.length, 1)] ?? [body as Record<string, unknown>, key];
    if (how === 'remove') Reflect.deleteProperty(holder, at);
    else if (how === 'add' && !Array.isArray(holder))
      Object.defineProperty(holder, key, { value, enumerable: true, configurable: true, writable: true });
    else holder[at] = how === 'nest' ? [holder[at], { [key]: value }] : value;
  }
  return body;
}
