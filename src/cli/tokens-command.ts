import { Command } from 'commander';
import type { Database } from '../db/database.ts';
import { undashed } from '../lib/uuid.ts';
import { listRemovals, type Removal, type RemovalFilter, restoreTokens } from '../people/tokens/token-removals.ts';
import { idKey } from '../workspace/catalog.ts';
import { readSince, type Since, sinceIn, sinceMeaning } from './since.ts';
import { answer, type Terminal, table } from './terminal.ts';
import { UsageError } from './usage-error.ts';
import { type InOption, inWorkspace, onWorkspace } from './workspaces/on-workspace.ts';

interface FilterOptions extends InOption {
  app?: string;
  since?: string;
  reason?: string;
  json?: boolean;
}

export function tokensCommand(terminal: Terminal): Command {
  return new Command('tokens')
    .description('list the push tokens that providers reported as bad, and restore them')
    .addCommand(listCommand(terminal))
    .addCommand(restoreCommand(terminal));
}

function filtered(command: Command): Command {
  return inWorkspace(command)
    .option('-a, --app <id>', 'only tokens of this app')
    .option('-s, --since <when>', `only since this time: ${sinceMeaning}`)
    .option('-r, --reason <reason>', "only with this reason, in the provider's words")
    .option('--json', 'answer as JSON');
}

function listCommand(terminal: Terminal): Command {
  return filtered(new Command('list'))
    .description('list the tokens that were set aside or removed, latest first')
    .option('-n, --limit <count>', 'list at most this many', '100')
    .addHelpText(
      'after',
      '\nExamples:\n  cresset tokens list --since 1d\n  cresset tokens list --reason BadDeviceToken --json',
    )
    .action(async (options: FilterOptions & { limit: string }) => {
      const limit = Number(options.limit);
      if (!Number.isInteger(limit) || limit < 1) throw new UsageError('--limit: expected a number above 0');
      const filter = filterOf(options);
      const removals = await onWorkspace(terminal, options, async (db, workspaceId) =>
        listRemovals(db, { ...(await filterIn(db, workspaceId, filter, new Date())), limit }),
      );
      const text = removals.length === 0 ? 'There are none.' : table(columns, removals.map(row));
      answer(terminal, options.json, removals.map(shown), text);
    });
}

function restoreCommand(terminal: Terminal): Command {
  return filtered(new Command('restore'))
    .description('give tokens back to their owners, unless somebody else has them by now')
    .addHelpText('after', restoreHelp)
    .action(async (options: FilterOptions) => {
      if (options.app === undefined && options.since === undefined && options.reason === undefined)
        throw new UsageError('say which: --app, --since or --reason');
      const filter = filterOf(options);
      const now = new Date();
      const { restored, owned, gone } = await onWorkspace(terminal, options, async (db, workspaceId) =>
        restoreTokens(db, await filterIn(db, workspaceId, filter, now), now),
      );
      const text = `${restored} restored; ${owned} belong to somebody else now; the owners of ${gone} were deleted.`;
      answer(terminal, options.json, { restored, owned_by_others: owned, people_gone: gone }, text);
    });
}

type AskedFilter = Omit<RemovalFilter, 'workspaceId' | 'since'> & { since: Since | null };

function filterOf({ app, since, reason }: FilterOptions): AskedFilter {
  return {
    appId: app === undefined ? null : idKey(app),
    since: since === undefined ? null : readSince(since),
    reason: reason ?? null,
  };
}

async function filterIn(
  db: Database,
  workspaceId: number,
  { since, ...filter }: AskedFilter,
  now: Date,
): Promise<RemovalFilter> {
  return { ...filter, workspaceId, since: await sinceIn(db, workspaceId, since, now) };
}

const columns = ['WHEN', 'STATE', 'REASON', 'PERSON', 'APP', 'TOKEN', 'DISPATCH'];

function row({ at, state, reason, externalId, appId, token, dispatchId }: Removal): string[] {
  const short = token.length > 24 ? `${token.slice(0, 20)}…` : token;
  return [at.toISOString(), state, reason, externalId ?? '', appId, short, undashed(dispatchId)];
}

function shown({ at, state, reason, externalId, appId, token, dispatchId }: Removal): object {
  return { at, state, reason, external_id: externalId, app_id: appId, token, dispatch_id: undashed(dispatchId) };
}

const restoreHelp = `
A restored token gets messages again. If the provider still reports it as bad, it is removed again.

Examples:
  cresset tokens restore --app 0d7c9a52-3b7e-4c5e-9a55-5f1f0f6f7a11 --since 2h
  cresset tokens restore --reason BadDeviceToken --since 2026-03-15T12:00Z`;
