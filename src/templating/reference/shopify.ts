import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import type { Sample } from './generator.ts';
import type { Answer } from './plain.ts';

const env = { ...process.env, TZ: 'UTC' };
const script = fileURLToPath(new URL('./reference.rb', import.meta.url));

/** The version of the gem `liquid` that is installed beside Ruby; null if there is none. */
export function shopifyVersion(): string | null {
  const { status, stdout } = spawnSync('ruby', ['-e', 'require "liquid"; print Liquid::VERSION'], { encoding: 'utf8' });
  return status === 0 ? stdout : null;
}

/** What Shopify's Liquid makes of templates, in order. */
export function askShopify(samples: readonly Sample[]): Answer[] {
  const input = samples.map(({ template, variables }) => `[${JSON.stringify(template)},${variables}]\n`).join('');
  const options = { input, env, encoding: 'utf8', maxBuffer: 2 ** 30 } as const;
  const { status, stdout, stderr } = spawnSync('ruby', ['-EUTF-8:UTF-8', script], options);
  if (status !== 0) throw new Error(`reference.rb: ${stderr.slice(0, 1_000)}`);
  return stdout.trimEnd().split('\n').map(readAnswer);
}

function readAnswer(line: string): Answer {
  const [output, error]: [string | null, string?] = JSON.parse(line);
  return output === null ? { error: error ?? 'no reason' } : { output };
}
