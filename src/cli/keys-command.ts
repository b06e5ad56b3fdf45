import { Command } from 'commander';
import { rangeProblem } from '../lib/allow-list.ts';
import { nearest } from '../lib/raw/did-you-mean.ts';
import {
  allPermissions,
  createKey,
  deleteKey,
  ENVIRONMENT,
  type KeyRecord,
  listKeys,
  WORKSPACE_FILE,
} from '../workspace/keys/keys.ts';
import { type Permission, permissions } from '../workspace/permissions.ts';
import { answer, type Terminal, table } from './terminal.ts';
import { UsageError } from './usage-error.ts';
import { type InOption, inWorkspace, onWorkspace } from './workspaces/on-workspace.ts';

interface CreateOptions extends InOption {
  permission?: string[];
  allPermissions?: boolean;
  allowFrom?: string[];
  json?: boolean;
}

export function keysCommand(terminal: Terminal): Command {
  return new Command('keys')
    .description('create, list and delete API keys')
    .addCommand(createCommand(terminal))
    .addCommand(listCommand(terminal))
    .addCommand(deleteCommand(terminal));
}

function createCommand(terminal: Terminal): Command {
  return inWorkspace(new Command('create'))
    .description('create an API key and print it, once')
    .argument('<name>', 'what the key is for; unique')
    .option('-p, --permission <permission...>', 'what the key may do; may be repeated')
    .option('--all-permissions', 'grant every permission')
    .option('-a, --allow-from <range...>', 'addresses or CIDR subnets that may use the key (default: any)')
    .option('--json', 'answer as JSON')
    .addHelpText('after', createHelp)
    .action(async (name: string, options: CreateOptions) => {
      const key = readNewKey(name, options);
      const made = await onWorkspace(terminal, options, (db, workspaceId) => createKey(db, workspaceId, key));
      const text = `${made.key}\n\nThis is the only time the key "${name}" is shown. Its id is ${made.id}.`;
      answer(terminal, options.json, { id: made.id, name, key: made.key }, text);
    });
}

function readNewKey(name: string, options: CreateOptions) {
  if (name.trim() === '' || name.length > 255 || /\p{Cc}/u.test(name)) {
    throw new UsageError('the name of a key has 1 to 255 characters');
  }
  const given = options.permission ?? [];
  if (given.length > 0 === (options.allPermissions ?? false)) {
    throw new UsageError('give either --permission or --all-permissions');
  }
  const allowFrom = options.allowFrom ?? [];
  for (const range of allowFrom) {
    const problem = rangeProblem(range);
    if (problem !== null) throw new UsageError(`--allow-from ${range}: ${problem}`);
  }
  const wanted = options.allPermissions ? allPermissions : [...new Set(given.map(readPermission))];
  return { name, permissions: wanted, allowFrom, createdBy: 'cresset keys create' };
}

function readPermission(name: string): Permission {
  const known = allPermissions.find((permission) => permission === name);
  if (known !== undefined) return known;
  const meant = nearest(name, allPermissions);
  const hint = meant === null ? `known are ${allPermissions.join(', ')}` : `did you mean ${meant}?`;
  throw new UsageError(`--permission ${name}: there is no such permission; ${hint}`);
}

function listCommand(terminal: Terminal): Command {
  return inWorkspace(new Command('list'))
    .description('list the API keys, of each only its first characters')
    .option('--json', 'answer as JSON')
    .addHelpText('after', '\nExamples:\n  cresset keys list\n  cresset keys list --json')
    .action(async (options: InOption & { json?: boolean }) => {
      const keys = await onWorkspace(terminal, options, listKeys);
      const text = keys.length === 0 ? 'There are no keys.' : `${table(columns, keys.map(row))}\n\n${lastUsedNote}`;
      answer(terminal, options.json, keys.map(shown), text);
    });
}

/** See `WRITE_EVERY_MS` in workspace/keys/key-usage.ts. */
const lastUsedNote = 'LAST USED may be a minute behind.';
const columns = ['NAME', 'KEY', 'LAST USED', 'CREATED', 'BY', 'ALLOWED FROM', 'PERMISSIONS', 'ID'];

function row(key: KeyRecord): string[] {
  const isWhole = key.permissions.length === allPermissions.length;
  return [
    key.name,
    `${key.hint}…`,
    key.lastUsedAt?.toISOString() ?? 'never',
    key.createdAt.toISOString(),
    key.createdBy,
    key.allowFrom.join(' ') || 'anywhere',
    isWhole ? 'all' : key.permissions.join(' '),
    key.id,
  ];
}

function shown(key: KeyRecord): object {
  return {
    id: key.id,
    name: key.name,
    hint: key.hint,
    permissions: key.permissions,
    allow_from: key.allowFrom,
    created_by: key.createdBy,
    created_at: key.createdAt,
    last_used_at: key.lastUsedAt,
  };
}

function deleteCommand(terminal: Terminal): Command {
  return inWorkspace(new Command('delete'))
    .description('delete an API key; running servers refuse it at once')
    .argument('<id or name>', 'the id or name that `cresset keys list` shows')
    .option('--json', 'answer as JSON')
    .addHelpText('after', '\nExamples:\n  cresset keys delete backend')
    .action(async (idOrName: string, options: InOption & { json?: boolean }) => {
      const { createdBy, id, name } = await onWorkspace(terminal, options, (db, workspaceId) =>
        deleteKey(db, workspaceId, idOrName),
      );
      const returns = createdBy === WORKSPACE_FILE ? returnsWithFile : returnsWithStart;
      if (createdBy === WORKSPACE_FILE || createdBy === ENVIRONMENT) terminal.printError(returns);
      answer(terminal, options.json, { deleted: { id, name } }, `The key "${name}" is deleted.`);
    });
}

const returnsWithFile =
  'This key stood in a workspace file, and returns with the next `cresset apply` of that file and with the next start with CRESSET_WORKSPACE. Remove it from `api_keys` of the file, too.';

const returnsWithStart =
  'This key stood in CRESSET_API_KEY, and returns with the next start of a server that has it in its environment. Change or remove the variable, too.';

const createHelp = `
Permissions:
${Object.entries(permissions)
  .map(([name, meaning]) => `  ${name.padEnd(18)} ${meaning}`)
  .join('\n')}

Examples:
  cresset keys create backend --permission messages.send users.track
  cresset keys create admin --all-permissions --allow-from 10.0.0.0/8
  cresset keys create ci --permission messages.send --json`;
