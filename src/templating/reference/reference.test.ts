// Our Liquid against Shopify's: by vectors everywhere, and by random templates where Ruby and its gem are installed.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import test from 'node:test';
import { type Difference, differences } from './differences.ts';
import { generateSamples, type Sample, standardVariables } from './generator.ts';
import { type Answer, renderPlain } from './plain.ts';
import { askShopify, shopifyVersion } from './shopify.ts';

interface Vector extends Sample {
  /** Null: an error. */
  output: string | null;
}

/** Lines `[template, output]`, or with the variables of its own behind them. Written by `write-vectors.ts`. */
const vectors = readFileSync(new URL('./vectors.jsonl', import.meta.url), 'utf8')
  .trimEnd()
  .split('\n')
  .map((line): Vector => {
    const [template, output, own]: [string, string | null, string?] = JSON.parse(line);
    return { template, output, variables: own ?? standardVariables };
  });

const outputOf = (answer: Answer): string | null => ('output' in answer ? answer.output : null);
const render = ({ template, variables }: Sample): Answer => renderPlain(template, variables);

const version = shopifyVersion();
const skip = version === null ? 'Ruby with the gem liquid is not installed (Debian: ruby-liquid)' : false;

test('there are at least 700 vectors', () => assert.ok(vectors.length >= 700));

test('every vector gives what Shopify answered', () => {
  for (const vector of vectors) assert.equal(outputOf(render(vector)), vector.output, vector.template);
});

test('every difference is as it is described', () => {
  for (const { template, ours, rule } of differences)
    assert.deepEqual(renderPlain(template, standardVariables), ours, rule);
});

test('the vectors are what Shopify answers', { skip }, () => {
  const answers = askShopify(vectors);
  for (const [index, vector] of vectors.entries()) {
    const answer = answers[index];
    assert.ok(answer);
    assert.equal(outputOf(answer), vector.output, vector.template);
  }
});

test('Shopify differs where we say so', { skip }, () => {
  const answers = askShopify(differences.map(({ template }) => ({ template, variables: standardVariables })));
  for (const [index, { shopify, rule }] of differences.entries()) assert.deepEqual(answers[index], shopify, rule);
});

const RANDOM_TEMPLATES = 3_000;

test(`${RANDOM_TEMPLATES} random templates agree with Shopify's Liquid`, { skip }, () => {
  const samples = generateSamples(RANDOM_TEMPLATES, 2026);
  const answers = askShopify(samples);
  const explained = new Set<Difference>();
  for (const [index, sample] of samples.entries()) {
    const shopify = answers[index];
    assert.ok(shopify);
    const ours = render(sample);
    if (outputOf(ours) === outputOf(shopify)) continue;
    const difference = differences.find(({ explains }) => explains(shopify, ours));
    assert.ok(difference, JSON.stringify({ template: sample.template, shopify, ours }));
    explained.add(difference);
  }
  assert.ok(explained.size > 0, 'the generator meets some of the differences');
});

test('the generator makes the same templates from the same seed, and others from another', () => {
  assert.deepEqual(generateSamples(20, 1), generateSamples(20, 1));
  assert.notDeepEqual(generateSamples(20, 1), generateSamples(20, 2));
});
