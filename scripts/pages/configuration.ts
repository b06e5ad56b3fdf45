import { commandVariables } from '../../src/config/command-variables.ts';
import { variables } from '../../src/config.ts';

/** The text of docs/configuration.md. */
export function configurationPage(): string {
  const rows = Object.values(variables).map(
    ({ name, shownFallback, expected, meaning }) =>
      `| \`${name}\` | ${shownFallback} | ${escapeCell(expected)} | ${escapeCell(meaning)} |`,
  );
  const ofCommands = Object.values(commandVariables)
    .map((name) => `\`${name}\``)
    .join(', ');
  return `${[
    '# Configuration',
    '',
    'This page lists the environment variables that Cresset reads. It is generated from `src/config/` by `npm run pages`.',
    '',
    'Cresset reads its environment once, when it starts. Every variable is optional, and an empty one counts as unset. If the',
    'environment is bad, the start fails and lists every problem. An unknown variable that begins with `CRESSET_` is a problem,',
    `too, unless the workspace file refers to it (\`\${env:CRESSET_…}\`) or only a command reads it: ${ofCommands}.`,
    '',
    '| variable | when unset | expected | meaning |',
    '|---|---|---|---|',
    ...rows,
    '',
    'Providers are configured in the workspace file, not in the environment: see [workspace-file.md](workspace-file.md).',
  ].join('\n')}\n`;
}

function escapeCell(text: string): string {
  return text.replaceAll('|', '\\|');
}
