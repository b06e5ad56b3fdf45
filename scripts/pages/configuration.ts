import { variables } from '../../src/config.ts';

/** The text of docs/configuration.md. */
export function configurationPage(): string {
  const rows = Object.values(variables).map(
    ({ name, shownFallback, expected, meaning }) =>
      `| \`${name}\` | ${shownFallback} | ${escapeCell(expected)} | ${escapeCell(meaning)} |`,
  );
  return `${[
    '# Configuration',
    '',
    'Made from `src/config.ts` by `npm run pages`; a test keeps the two equal.',
    '',
    'Everything is read from the environment, once, at the start. Every variable may be left out; an empty one counts as',
    'unset. A bad environment stops the start with every problem listed at once. So does an unknown variable that begins',
    'with `CRESSET_`, unless the workspace file refers to it (`${env:CRESSET_…}`).',
    '',
    '| variable | when unset | expected | meaning |',
    '|---|---|---|---|',
    ...rows,
    '',
    'What is sent through which provider is not in the environment but in the workspace file: see [workspace-file.md](workspace-file.md).',
  ].join('\n')}\n`;
}

function escapeCell(text: string): string {
  return text.replaceAll('|', '\\|');
}
