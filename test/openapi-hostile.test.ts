// Every route of the document, with requests that mean no good: a documented answer, and never a 5xx.
import assert from 'node:assert/strict';
import test from 'node:test';
import fc from 'fast-check';
import { mutate, mutation } from './support/mutations.ts';
import { type Call, exampleOf, send } from './support/openapi/call.ts';
import { type ApiOperation, readDocument } from './support/openapi/document.ts';
import { startWorld } from './support/openapi/world.ts';

/** Requests to each operation. */
const REQUESTS = 30;

const odd = fc.oneof(
  fc.constantFrom(
    '',
    ' ',
    '0',
    '-1',
    '1e999',
    '99999999999999999999',
    'null',
    '__proto__',
    'constructor',
    'a\u0000b',
    '{{',
    '💥',
    '2026-02-30',
    'eyJhIjoxfQ',
    'true',
    '%',
    '../..',
    'x'.repeat(400),
  ),
  fc.string({ unit: 'binary', maxLength: 40 }),
);
const json = fc.jsonValue({ maxDepth: 5 });

/** What is done to the example of an operation. */
const attack = fc.record({
  kind: fc.constantFrom('mutated', 'mutated', 'mutated', 'any JSON', 'no JSON', 'query', 'query', 'path', 'as it is'),
  mutations: fc.array(mutation, { minLength: 1, maxLength: 4 }),
  json,
  text: odd,
  others: fc.array(fc.tuple(odd, odd), { maxLength: 3 }),
  pick: fc.nat(),
});
type Attack = typeof attack extends fc.Arbitrary<infer T> ? T : never;

function attacked(operation: ApiOperation, example: Call, { kind, mutations, json, text, others, pick }: Attack): Call {
  const names = operation.parameters.filter((one) => one.in === 'query').map(({ name }) => name);
  const name = names[pick % Math.max(1, names.length)];
  switch (kind) {
    case 'mutated':
      return { ...example, body: mutate(structuredClone((example.body as object) ?? {}), mutations) };
    case 'any JSON':
      return { ...example, body: json };
    case 'no JSON':
      return { ...example, body: text };
    case 'query':
      return { ...example, query: changedQuery(example.query, { name, text, others, pick }) };
    case 'path':
      // An empty part would make it another path.
      return { ...example, params: Object.fromEntries(Object.keys(example.params).map((key) => [key, text || ' '])) };
    case 'as it is':
      return example;
  }
}

function changedQuery(
  query: Call['query'],
  { name, text, others, pick }: Pick<Attack, 'text' | 'others' | 'pick'> & { name: string | undefined },
): Call['query'] {
  const kept = query.filter(([key]) => key !== name);
  const changed: [string, string][] = name === undefined ? [...query] : [...kept, [name, text]];
  return pick % 4 === 0 ? [...changed, ...others] : changed;
}

/** The example with a NUL in each parameter, one after the other. Row 31 of the traps of the product. */
function withNul({ parameters }: ApiOperation, example: Call): Call[] {
  return parameters.flatMap(({ in: place, name }): Call[] => {
    if (place === 'query')
      return [{ ...example, query: [...example.query.filter(([key]) => key !== name), [name, 'a\0b']] }];
    return place === 'path' ? [{ ...example, params: { ...example.params, [name]: 'a\0b' } }] : [];
  });
}

test('whatever is asked of a route, the answer is a documented one, and no 5xx', async (t) => {
  const world = await startWorld(t);
  const document = await readDocument(world.app);
  const attacks = fc.sample(attack, { numRuns: REQUESTS * document.operations.length, seed: 20261130 });
  const wrong: string[] = [];
  const statuses: Record<number, number> = {};
  for (const [index, operation] of document.operations.entries()) {
    const seen = new Set<number>();
    const ofOperation = attacks.slice(index * REQUESTS, (index + 1) * REQUESTS);
    for (const [turn, one] of ofOperation.entries()) {
      if (turn % 6 === 0) await world.prepare(operation.name);
      const call = attacked(operation, exampleOf(operation, world.standIns), one);
      const reply = await send(world.app, operation, call);
      statuses[reply.status] = (statuses[reply.status] ?? 0) + 1;
      seen.add(reply.status);
      const problems = document.problemsOf(operation, reply);
      if (reply.status >= 500) problems.push('is a 5xx');
      // An export that runs already is a 429 of another kind, which the document has.
      const isOfRate = reply.status === 429 && (reply.body as { message?: string }).message === 'Rate Limited';
      if (isOfRate) problems.push('is a 429: the test asks less than the limits allow');
      if (reply.status === 400 && !saysWhere(operation, reply.body)) problems.push('does not say where');
      if (problems.length > 0)
        wrong.push(
          `${operation.name}: ${reply.status} ${problems.join('; ')}: ${JSON.stringify(reply.body).slice(0, 300)} for ${JSON.stringify(call).slice(0, 400)}`,
        );
    }
    for (const call of withNul(operation, exampleOf(operation, world.standIns))) {
      const reply = await send(world.app, operation, call);
      const problems = [...document.problemsOf(operation, reply), ...(reply.status >= 500 ? ['is a 5xx'] : [])];
      if (problems.length > 0)
        wrong.push(`${operation.name}: ${reply.status} ${problems.join('; ')} for a NUL: ${JSON.stringify(call)}`);
    }
    if (!operation.alwaysRefuses && ![...seen].some((status) => status < 300))
      wrong.push(`${operation.name}: no request was accepted`);
  }
  assert.deepEqual(wrong.slice(0, 20), [], `${wrong.length} answers`);
  assert.equal(({} as { polluted?: boolean }).polluted, undefined);
  t.diagnostic(`${attacks.length} requests to ${document.operations.length} operations: ${JSON.stringify(statuses)}`);
});

/** Whether a refusal names what is wrong: in `errors`, or in a sentence of the original that names the member. */
function saysWhere(operation: ApiOperation, { message, errors }: { message: string; errors?: unknown[] }): boolean {
  if (errors !== undefined && errors.length > 0) return true;
  const members = [...operation.parameters.map(({ name }) => name), ...Object.keys(operation.body?.properties ?? {})];
  return members.some((name) => message.includes(name.replace('[]', '')));
}
