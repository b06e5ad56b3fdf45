import { randomBytes } from 'node:crypto';
import { Command } from 'commander';
import { readConfig } from '../../config.ts';
import type { Database } from '../../db/database.ts';
import { listMessages } from '../../dispatch/report/person-messages.ts';
import { ObjectProblem } from '../../lib/raw/problems.ts';
import { idKey, type WorkspaceCatalog } from '../../workspace/catalog.ts';
import { variablesOf } from '../../workspace/file/apply-file.ts';
import { loadCatalog } from '../../workspace/load-catalog.ts';
import { findSecret, SecretError, secretFrom } from '../../workspace/secrets.ts';
import { readSince, sinceIn, sinceMeaning } from '../since.ts';
import { answer, CommandEnd, type Terminal } from '../terminal.ts';
import { UsageError } from '../usage-error.ts';
import { type InOption, inWorkspace, onWorkspace } from '../workspaces/on-workspace.ts';
import { findPeople, type Match } from './find-people.ts';
import { type Explained, messagesText, type ToldMessage } from './messages-text.ts';

interface WhyOptions extends InOption {
  since?: string;
  limit: string;
  json?: boolean;
}

const NOBODY = 1;
const MOST = 500;

export function whyCommand(terminal: Terminal): Command {
  return inWorkspace(new Command('why'))
    .description('say what became of every message to a person, the newest first, and why')
    .argument('<person>', 'an email address, a phone number with +, an external id or a braze id')
    .option('-s, --since <when>', `only messages accepted since this time: ${sinceMeaning}`)
    .option('-n, --limit <count>', `list at most this many, up to ${MOST}`, '20')
    .option('--json', 'answer as JSON')
    .addHelpText('after', help)
    .action(async (given: string, options: WhyOptions) => {
      const limit = Number(options.limit);
      if (!Number.isInteger(limit) || limit < 1 || limit > MOST)
        throw new UsageError(`--limit: expected a number from 1 to ${MOST}`);
      const now = new Date();
      const since = options.since === undefined ? null : readSince(options.since);
      const explained = await onWorkspace(terminal, options, async (db, workspaceId) => {
        const workspace = (await readDefinitions(db, terminal))?.(workspaceId);
        const asked = { given, workspaceId, workspace, limit, now };
        return explain(db, { ...asked, since: await sinceIn(db, workspaceId, since, now) });
      });
      if (explained.people.length === 0) {
        answer(
          terminal,
          options.json,
          { people: [], messages: [] },
          `Nobody has the id or address ${given} now. If it was changed since, ask for the new one, or for the id.`,
        );
        throw new CommandEnd(NOBODY);
      }
      answer(terminal, options.json, shown(explained), messagesText(explained));
    });
}

interface Question {
  given: string;
  workspaceId: number;
  workspace: WorkspaceCatalog | undefined;
  since: Date | null;
  limit: number;
  now: Date;
}

async function explain(
  db: Database,
  { given, workspaceId, workspace, since, limit, now }: Question,
): Promise<Explained> {
  const matches = await findOrRefuse(db, workspaceId, given);
  if (matches.length === 0) return { people: [], messages: [], hasMore: false };
  const { messages, next } = await listMessages(db, {
    ...{ workspaceId, workspace, now, since, until: null, limit },
    ...{ channel: null, status: null, reason: null, after: null },
    people: matches.map(({ person }) => person.key),
  });
  const people = matches.map(({ person, by }) => ({ externalId: person.externalId, brazeId: person.brazeId, by }));
  const ids = new Map(matches.map(({ person }, index) => [person.key.userId, people[index]]));
  return {
    people,
    hasMore: next !== null,
    messages: messages.flatMap(({ userId, message }) => {
      const person = ids.get(userId);
      // The list answers the API, whose members are those of `ToldMessage`.
      const told = JSON.parse(JSON.stringify(message)) as ToldMessage;
      const campaign = workspace?.campaigns.get(idKey(told.campaign_id ?? ''))?.name ?? null;
      return person === undefined ? [] : [{ person, campaign, message: told }];
    }),
  };
}

async function findOrRefuse(db: Database, workspaceId: number, given: string): Promise<Match[]> {
  try {
    return await findPeople(db, workspaceId, given);
  } catch (error) {
    if (error instanceof ObjectProblem) throw new UsageError(`<person>: ${error.message}`);
    throw error;
  }
}

/**
 * What operators have defined, for names of campaigns and the pace of accounts. null: the secret at hand is not that of the
 * servers. The rest can be said without.
 */
async function readDefinitions(
  db: Database,
  terminal: Terminal,
): Promise<((workspaceId: number) => WorkspaceCatalog | undefined) | null> {
  const secret = findSecret(readConfig(terminal.env, variablesOf(terminal.env.CRESSET_WORKSPACE)));
  try {
    // Without a secret nothing is sealed, so any will do.
    const catalog = await loadCatalog(db, secret ?? secretFrom(randomBytes(32).toString('hex')));
    return (id) => catalog.workspace(id);
  } catch (error) {
    if (error instanceof SecretError) return null;
    throw error;
  }
}

function shown({ people, messages, hasMore }: Explained): object {
  const ids = ({ externalId, brazeId }: Explained['people'][number]) => ({
    external_id: externalId,
    braze_id: brazeId,
  });
  return {
    people: people.map((person) => ({ ...ids(person), found_by: person.by })),
    messages: messages.map(({ person, campaign, message }) => ({ ...ids(person), campaign, ...message })),
    has_more: hasMore,
  };
}

const help = `
It reads the database of the server, as every command does. An id or address that nobody has ends with 1.

Examples:
  cresset why ada@example.com
  cresset why +4366412345678 --since 2d
  cresset why ada --json`;
