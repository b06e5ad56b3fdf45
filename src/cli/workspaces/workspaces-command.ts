import { Command, InvalidArgumentError } from 'commander';
import { readConfig } from '../../config.ts';
import type { Database } from '../../db/database.ts';
import { variablesOf } from '../../workspace/file/apply-file.ts';
import { changeQuotas, type Quotas } from '../../workspace/quotas.ts';
import { addWorkspace, type ListedWorkspace, listWorkspaces, renameWorkspace } from '../../workspace/workspaces.ts';
import { answer, type Terminal, table } from '../terminal.ts';
import { withDatabase } from '../with-database.ts';

interface Options {
  json?: boolean;
}

/** The workspaces of a server. Without a subcommand it lists them. */
export function workspacesCommand(terminal: Terminal): Command {
  return new Command('workspaces')
    .description('list, add and rename the workspaces of a server, each with people, settings and keys of its own')
    .addCommand(listCommand(terminal), { isDefault: true })
    .addCommand(addCommand(terminal))
    .addCommand(renameCommand(terminal))
    .addCommand(quotaCommand(terminal));
}

function onDatabase<T>(terminal: Terminal, { json }: Options, work: (db: Database) => Promise<T>): Promise<T> {
  const config = readConfig(terminal.env, variablesOf(terminal.env.CRESSET_WORKSPACE));
  return withDatabase(config, work, json ? {} : { terminal });
}

function listCommand(terminal: Terminal): Command {
  return new Command('list')
    .description('list the workspaces, the oldest first')
    .option('--json', 'answer as JSON')
    .addHelpText('after', '\nExamples:\n  cresset workspaces\n  cresset workspaces list --json')
    .action(async (options: Options) => {
      const workspaces = await onDatabase(terminal, options, listWorkspaces);
      const text = workspaces.length === 0 ? 'There are none.' : table(columns, workspaces.map(row));
      answer(terminal, options.json, workspaces.map(shown), text);
    });
}

const columns = ['ID', 'NAME', 'KEYS', 'CREATED'];

function row({ id, name, keys, createdAt }: ListedWorkspace): string[] {
  return [String(id), name, String(keys), createdAt.toISOString()];
}

function shown({ id, name, keys, createdAt }: ListedWorkspace): object {
  return { id, name, keys, created_at: createdAt };
}

function addCommand(terminal: Terminal): Command {
  return new Command('add')
    .description('add a workspace; running servers serve it at once')
    .argument('<name>', 'what it is called; unique')
    .option('--json', 'answer as JSON')
    .addHelpText('after', addHelp)
    .action(async (name: string, options: Options) => {
      const { id, isSecond } = await onDatabase(terminal, options, async (db) => {
        const added = await addWorkspace(db, name);
        return { id: added, isSecond: (await listWorkspaces(db)).length === 2 };
      });
      if (isSecond) terminal.printError(nowSeveral);
      answer(terminal, options.json, { id, name }, `The workspace ${JSON.stringify(name)} is added. Its id is ${id}.`);
    });
}

const nowSeveral =
  'There are several workspaces now. Commands need --in <workspace> or CRESSET_IN. A server that starts with CRESSET_WORKSPACE needs CRESSET_IN, too, unless the file has the name of its workspace.';

function renameCommand(terminal: Terminal): Command {
  return new Command('rename')
    .description('give a workspace another name')
    .argument('<name>', 'what it is called now')
    .argument('<new name>', 'what it shall be called; unique')
    .option('--json', 'answer as JSON')
    .addHelpText('after', '\nExamples:\n  cresset workspaces rename default Acme')
    .action(async (from: string, to: string, options: Options) => {
      const id = await onDatabase(terminal, options, (db) => renameWorkspace(db, from, to));
      answer(terminal, options.json, { id, name: to }, `The workspace is called ${JSON.stringify(to)} now.`);
    });
}

interface QuotaOptions extends Options {
  sendsPerDay?: number | typeof NONE;
  requestsPerMinute?: number | typeof NONE;
}

const NONE = 'none';

function quotaCommand(terminal: Terminal): Command {
  return new Command('quota')
    .description('show and change how much a workspace may use')
    .argument('<name>', 'the workspace')
    .option('--sends-per-day <number>', 'most messages in a day of UTC; "none": any number', readQuota)
    .option('--requests-per-minute <number>', 'most requests of all its keys; "none": any number', readQuota)
    .option('--json', 'answer as JSON')
    .addHelpText('after', quotaHelp)
    .action(async (name: string, options: QuotaOptions) => {
      const { sendsPerDay, requestsPerMinute } = options;
      const change = {
        ...(sendsPerDay !== undefined && { sendsPerDay: sendsPerDay === NONE ? null : sendsPerDay }),
        ...(requestsPerMinute !== undefined && {
          requestsPerMinute: requestsPerMinute === NONE ? null : requestsPerMinute,
        }),
      };
      const quotas = await onDatabase(terminal, options, (db) => changeQuotas(db, name, change));
      answer(terminal, options.json, { name, ...shownQuotas(quotas) }, quotaText(name, quotas));
    });
}

const LARGEST_QUOTA = 1_000_000_000_000;

function readQuota(text: string): number | typeof NONE {
  if (text === NONE) return NONE;
  const value = /^\d{1,13}$/.test(text) ? Number(text) : 0;
  if (value >= 1 && value <= LARGEST_QUOTA) return value;
  throw new InvalidArgumentError(`expected a whole number from 1 to ${LARGEST_QUOTA}, or none.`);
}

function shownQuotas({ sendsPerDay, requestsPerMinute }: Quotas): object {
  return { sends_per_day: sendsPerDay ?? null, requests_per_minute: requestsPerMinute ?? null };
}

function quotaText(name: string, { sendsPerDay, requestsPerMinute }: Quotas): string {
  const of = (limit: number | undefined, unit: string) => `${limit ?? 'any number of'} ${unit}`;
  return `${JSON.stringify(name)} may use ${of(sendsPerDay, 'sends a day')} and ${of(requestsPerMinute, 'requests a minute')}.`;
}

const quotaHelp = `
Running servers use the change at once. What is over a quota is refused with 429. docs/workspaces.md says how it is counted.

Examples:
  cresset workspaces quota "Acme EU" --sends-per-day 100000 --requests-per-minute 600
  cresset workspaces quota "Acme EU" --sends-per-day none
  cresset workspaces quota "Acme EU"`;

const addHelp = `
It has no keys and no settings yet. docs/workspaces.md says what workspaces share and what not.

Examples:
  cresset workspaces add "Acme EU"
  cresset keys create backend --all-permissions --in "Acme EU"
  cresset apply acme-eu.yaml --in "Acme EU"`;
