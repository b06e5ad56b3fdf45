// `npm run pages` writes the pages that are generated from code. `--check` only compares.
import { readFileSync, writeFileSync } from 'node:fs';
import { commandsPage } from './commands.ts';
import { configurationPage } from './configuration.ts';
import { errorsPage } from './errors.ts';

const pages: Readonly<Record<string, () => string>> = {
  'docs/commands.md': commandsPage,
  'docs/configuration.md': configurationPage,
  'docs/errors.md': errorsPage,
};

for (const [path, page] of Object.entries(pages)) {
  const file = new URL(`../../${path}`, import.meta.url);
  if (!process.argv.includes('--check')) writeFileSync(file, page());
  else if (readFileSync(file, 'utf8') !== page()) {
    console.error(`${path} is stale: run \`npm run pages\``);
    process.exitCode = 1;
  }
}
