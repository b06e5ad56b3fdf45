// `npm run pages` writes the pages that are generated from code. `--check` only compares.
import { readFileSync, writeFileSync } from 'node:fs';
import { clientPage } from './client.ts';
import { commandsPage } from './commands.ts';
import { configurationPage } from './configuration.ts';
import { errorsPage } from './errors.ts';

const pages: Readonly<Record<string, () => string | Promise<string>>> = {
  'docs/commands.md': commandsPage,
  'docs/configuration.md': configurationPage,
  'docs/errors.md': errorsPage,
  'src/client/operations.ts': clientPage,
};

for (const [path, page] of Object.entries(pages)) {
  const text = await page();
  const file = new URL(`../../${path}`, import.meta.url);
  if (!process.argv.includes('--check')) writeFileSync(file, text);
  else if (readFileSync(file, 'utf8') !== text) {
    console.error(`${path} is stale: run \`npm run pages\``);
    process.exitCode = 1;
  }
}
