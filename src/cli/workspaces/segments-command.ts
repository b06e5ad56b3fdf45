import { randomUUID } from 'node:crypto';
import { Command } from 'commander';
import { readConfig } from '../../config.ts';
import type { Database } from '../../db/database.ts';
import { type EditDeps, editWorkspace } from '../../workspace/edit/edit.ts';
import { listEdited } from '../../workspace/edit/edited-definitions.ts';
import { removeSegment, storedSegment } from '../../workspace/edit/remove-segment.ts';
import { readSource, variablesOf } from '../../workspace/file/apply-file.ts';
import { parseYaml } from '../../workspace/file/file.ts';
import { isNamed, printPlan } from '../../workspace/file/plan.ts';
import { createServerFile } from '../../workspace/file/server-file.ts';
import { listSegments } from '../../workspace/listed-segments.ts';
import { secretForCommand } from '../../workspace/sealed/shared-secret.ts';
import { chooseWorkspace } from '../../workspace/workspaces.ts';
import { callerOf } from '../caller.ts';
import { answer, type Terminal, table } from '../terminal.ts';
import { withDatabase } from '../with-database.ts';
import { type InOption, inWorkspace, onWorkspace } from './on-workspace.ts';

type Checks = EditDeps['checks'];

interface ListOptions extends InOption {
  json?: boolean;
}

interface SaveOptions extends ListOptions {
  filter: string;
  id?: string;
  dryRun?: boolean;
}

const FROM = 'cresset segments';
const everything = {
  ...{ includesArchived: true, editedAfter: null, ascending: true },
  ...{ limit: Number.MAX_SAFE_INTEGER, offset: 0 },
};

export function segmentsCommand(terminal: Terminal, checks: Checks): Command {
  return new Command('segments')
    .description('list, save and remove segments, as the console does')
    .addCommand(listCommand(terminal))
    .addCommand(saveCommand(terminal, checks))
    .addCommand(removeCommand(terminal, checks));
}

function listCommand(terminal: Terminal): Command {
  return inWorkspace(new Command('list'))
    .description('list the segments and who saved each; the others come from a workspace file')
    .option('--json', 'answer as JSON')
    .action(async (options: ListOptions) => {
      const segments = await onWorkspace(terminal, options, async (db, workspaceId) => {
        const edited = new Map((await listEdited(db, workspaceId, 'segment')).map((one) => [one.id, one]));
        const all = await listSegments(db, workspaceId, everything);
        return all.map(({ id, name }) => ({
          id,
          name,
          saved_by: edited.get(id)?.by ?? null,
          saved_at: edited.get(id)?.at ?? null,
        }));
      });
      const rows = segments.map(({ id, name, saved_by: by, saved_at: at }) => [
        id,
        name,
        by ?? '',
        at?.toISOString() ?? '',
      ]);
      answer(terminal, options.json, segments, table(['ID', 'NAME', 'SAVED BY', 'AT'], rows));
    });
}

function saveCommand(terminal: Terminal, checks: Checks): Command {
  return inWorkspace(new Command('save'))
    .description('save a filter as a segment, or change the segment with this id')
    .argument('<name>', 'the name of the segment; unique')
    .requiredOption('-f, --filter <file>', 'a file with the filter, as JSON or YAML; null means everybody')
    .option('--id <uuid>', 'the id of the segment (default: a new one)')
    .option('--dry-run', 'print the changes without making them')
    .option('--json', 'answer as JSON')
    .addHelpText('after', saveHelp)
    .action(async (name: string, options: SaveOptions) => {
      const { dryRun = false, json, id = randomUUID() } = options;
      const filter = parseYaml(readSource(options.filter), options.filter).toJS();
      const { plan, warnings } = await editing(terminal, checks, options, (deps, workspaceId) =>
        editWorkspace(deps, {
          ...{ workspaceId, by: callerOf('cresset segments save'), from: FROM, now: new Date(), dryRun, seen: null },
          async given(tx) {
            const before = await storedSegment(tx, workspaceId, id);
            return { segments: [{ ...before, id, name, filter }] };
          },
        }),
      );
      const named = plan.filter(isNamed);
      const told = warnings.map((warning) => `! ${warning}\n`).join('');
      const note = dryRun ? '\nThis was a dry run: nothing was changed.' : '';
      answer(terminal, json, { dry_run: dryRun, id, plan: named, warnings }, `${told}${printPlan(named)}${note}`);
    });
}

function removeCommand(terminal: Terminal, checks: Checks): Command {
  return inWorkspace(new Command('delete'))
    .description('remove a segment that was saved in the console or by `cresset segments save` and that nothing uses')
    .argument('<id>', 'the id of the segment')
    .option('--json', 'answer as JSON')
    .action(async (segmentId: string, options: ListOptions) => {
      const by = callerOf('cresset segments delete');
      await editing(terminal, checks, options, (deps, workspaceId) =>
        removeSegment(deps, { workspaceId, segmentId, by, from: FROM, now: new Date() }),
      );
      answer(terminal, options.json, { id: segmentId, deleted: true }, `The segment ${segmentId} is removed.`);
    });
}

/** Edits the definitions of the workspace that is meant. What the file of CRESSET_WORKSPACE defines is refused. */
function editing<T>(
  terminal: Terminal,
  checks: Checks,
  { json, in: name }: ListOptions,
  work: (deps: EditDeps, workspaceId: number) => Promise<T>,
): Promise<T> {
  const { env } = terminal;
  const config = readConfig(env, variablesOf(env.CRESSET_WORKSPACE));
  const run = async (db: Database) => {
    const sealing = await secretForCommand(db, config);
    const choose = (inFile: string | null) => chooseWorkspace(db, config.workspaceName, inFile);
    const path = config.workspaceFile;
    const serverFile = path === null ? undefined : createServerFile({ path, env, choose });
    const workspaceId = await chooseWorkspace(db, name ?? config.workspaceName);
    return work({ db, sealing, checks, serverFile }, workspaceId);
  };
  return withDatabase(config, run, json ? {} : { terminal });
}

const saveHelp = `
It belongs to no workspace file. A file that names its id takes it over. Servers use it at once.

Examples:
  cresset segments save "Gold plan" --filter gold.json
  cresset segments save "Gold plan" --filter gold.json --id 0d7c9a52-3b7e-4c5e-9a55-5f1f0f6f7a17 --dry-run`;
