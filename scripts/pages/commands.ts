import type { Command, Option } from 'commander';
import { audienceChecks } from '../../src/audience/grammar/check-filter.ts';
import { buildProgram } from '../../src/cli/program.ts';
import { messageChecks } from '../../src/dispatch/plan/campaign-content.ts';

/** The text of docs/commands.md. */
export function commandsPage(): string {
  const print = () => undefined;
  const serve = () => Promise.resolve();
  const program = buildProgram({ serve, ...audienceChecks, ...messageChecks }, { env: {}, print, printError: print });
  return `# The command line

This page lists every command with its options. It is generated from \`src/cli\` by \`npm run pages\`. \`cresset <command> --help\` says the same, with examples.

In a clone, \`cresset\` is \`npm run -s cresset --\` or \`npx cresset\`; the latter warns (\`EBADENGINE\`) if the machine's own Node.js is older than 24, though both run the pinned one. Every command but \`serve\`, \`dev\`, \`simulate\`, \`shadow\` and \`mcp\` works on the database that \`DATABASE_URL\` or \`CRESSET_DATA_DIR\` names ([configuration.md](configuration.md)), prints on standard error which one that is, and makes none, except that \`restore\` makes an embedded one.
Every command ends with 0 if it did what it was told, 1 if it failed, and 2 if the command line, the environment or a file makes no sense; [imports](users-import.md#for-programs) have more codes, and [\`doctor\`](doctor.md) ends with 1 if something is wrong, and [\`why\`](api/dispatches.md#on-the-command-line) if nobody has the id or address.

${leavesOf(program)
  .map(([name, command]) => sectionOf(name, command))
  .join('\n\n')}
`;
}

/** The commands that do something, by their whole names. */
function leavesOf(command: Command, name = command.name()): [string, Command][] {
  if (command.commands.length === 0) return [[name, command]];
  return command.commands.flatMap((child) => leavesOf(child, `${name} ${child.name()}`));
}

function sectionOf(name: string, command: Command): string {
  const { registeredArguments } = command;
  const rows = [
    ...registeredArguments.map((argument) => [
      `<${argument.name()}${argument.variadic ? '...' : ''}>`,
      argument.description,
    ]),
    ...command.options.map((option) => [option.flags, meaningOf(option)]),
  ];
  const table = rows.map(([flags = '', meaning = '']) => `| \`${flags}\` | ${meaning.replaceAll('|', '\\|')} |`);
  return [`## ${name}`, '', sentence(command.description()), '', '| | |', '|---|---|', ...table].join('\n');
}

function meaningOf({ description, argChoices, defaultValue }: Option): string {
  const choices = argChoices === undefined ? [] : [`one of ${argChoices.map((choice) => `\`${choice}\``).join(', ')}`];
  const fallback = defaultValue === undefined ? [] : [`default: \`${defaultValue}\``];
  return [description, ...choices, ...fallback].join('; ');
}

function sentence(text: string): string {
  return `${text.slice(0, 1).toUpperCase()}${text.slice(1)}.`;
}
