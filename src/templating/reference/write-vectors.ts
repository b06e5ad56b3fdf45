// `node src/templating/reference/write-vectors.ts`: asks Shopify's Liquid again for the answers of all vectors.
import { readFileSync, writeFileSync } from 'node:fs';
import { standardVariables } from './generator.ts';
import { askShopify } from './shopify.ts';

const file = new URL('./vectors.jsonl', import.meta.url);
const vectors = readFileSync(file, 'utf8')
  .trimEnd()
  .split('\n')
  .map((line): [string, string | null, string?] => JSON.parse(line));

const answers = askShopify(vectors.map(([template, , own]) => ({ template, variables: own ?? standardVariables })));
const lines = vectors.map(([template, , own], index) => {
  const answer = answers[index];
  const output = answer !== undefined && 'output' in answer ? answer.output : null;
  return JSON.stringify(own === undefined ? [template, output] : [template, output, own]);
});
writeFileSync(file, `${lines.join('\n')}\n`);
