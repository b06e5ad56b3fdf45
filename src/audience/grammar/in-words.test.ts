import assert from 'node:assert/strict';
import test from 'node:test';
import { filterInWords } from './in-words.ts';

const gold = { custom_attribute: { custom_attribute_name: 'plan', comparison: 'equals', value: 'gold' } };
const opted = { email_subscription_status: { comparison: 'is', value: 'opted_in' } };

test('a filter is said in words, with brackets only where groups are mixed', () => {
  const rows: [filter: unknown, words: string][] = [
    [null, 'everybody'],
    [gold, 'custom attribute "plan" equals "gold"'],
    [{ AND: [gold] }, 'custom attribute "plan" equals "gold"'],
    [
      { AND: [gold, { OR: [opted, { NOT: gold }] }] },
      'custom attribute "plan" equals "gold" and (email subscription status is "opted_in" or not (custom attribute "plan" equals "gold"))',
    ],
    [{ received_campaign: { campaign_id: 'c1', comparison: 'has_not' } }, 'received campaign campaign id "c1" has not'],
  ];
  for (const [filter, words] of rows) assert.equal(filterInWords(filter), words);
  assert.equal(filterInWords({ AND: Array.from({ length: 1_000 }, () => gold) }).length, 10_000);
});
