import assert from 'node:assert/strict';
import test from 'node:test';
import type { Filter } from './grammar/filter.ts';
import { parseAudience } from './grammar/parse.ts';
import { leaveEachOut } from './leave-out.ts';

const is = (name: string) => ({
  custom_attribute: { custom_attribute_name: name, comparison: 'equals', value: true },
});

/** `a & (b | !c)`; null: everybody. */
function short(filter: Filter | null): string {
  if (filter === null) return 'everybody';
  switch (filter.kind) {
    case 'and':
    case 'or':
      return `(${filter.filters.map(short).join(filter.kind === 'and' ? ' & ' : ' | ')})`;
    case 'not':
      return `!${short(filter.filter)}`;
    default:
      return 'name' in filter ? String(filter.name) : filter.kind;
  }
}

const cases: [unknown, Record<string, [part: string, without: string]>][] = [
  [is('a'), { filter: ['a', 'everybody'] }],
  [{ NOT: is('a') }, { filter: ['!a', 'everybody'] }],
  [{ AND: [is('a'), is('b')] }, { 'filter.AND[0]': ['a', '(b)'], 'filter.AND[1]': ['b', '(a)'] }],
  [{ OR: [is('a')] }, { 'filter.OR[0]': ['a', 'everybody'] }],
  [
    { AND: [is('a'), { OR: [is('b'), { NOT: is('c') }] }] },
    {
      'filter.AND[0]': ['a', '((b | !c))'],
      'filter.AND[1]': ['(b | !c)', '(a)'],
      'filter.AND[1].OR[0]': ['b', '(a & (!c))'],
      'filter.AND[1].OR[1]': ['!c', '(a & (b))'],
    },
  ],
  [
    { AND: [is('a'), { NOT: { AND: [is('b'), is('c')] } }] },
    {
      'filter.AND[0]': ['a', '(!(b & c))'],
      'filter.AND[1]': ['!(b & c)', '(a)'],
      'filter.AND[1].NOT.AND[0]': ['b', '(a & !(c))'],
      'filter.AND[1].NOT.AND[1]': ['c', '(a & !(b))'],
    },
  ],
  [{ AND: [{ OR: [is('a')] }] }, { 'filter.AND[0]': ['(a)', 'everybody'], 'filter.AND[0].OR[0]': ['a', 'everybody'] }],
];

test('each filter and group is left out in turn, and a group without any is nothing', () => {
  for (const [given, expected] of cases) {
    const parts = leaveEachOut(parseAudience(given, 'filter', { isSegment: true }), 'filter');
    const said = Object.fromEntries(parts.map(({ path, part, without }) => [path, [short(part), short(without)]]));
    assert.deepEqual(said, expected, JSON.stringify(given));
  }
});
