import { resolve } from 'node:path';
import { Command } from 'commander';
import { readConfig } from '../config.ts';
import type { Database } from '../db/database.ts';
import { type ApplyFileOptions, applyFile, variablesOf } from '../workspace/file/apply-file.ts';
import { printPlan } from '../workspace/file/plan.ts';
import { secretForCommand } from '../workspace/sealed/shared-secret.ts';
import { chooseWorkspace } from '../workspace/workspaces.ts';
import { callerOf } from './caller.ts';
import { answer, type Terminal } from './terminal.ts';
import { withDatabase } from './with-database.ts';
import { type InOption, inWorkspace } from './workspaces/on-workspace.ts';

interface ApplyCommandOptions extends InOption {
  dryRun?: boolean;
  reseal?: boolean;
  json?: boolean;
}

type Checks = Pick<ApplyFileOptions, 'checkFilter' | 'checkReferences' | 'checkContent'>;

export function applyCommand(terminal: Terminal, { checkFilter, checkReferences, checkContent }: Checks): Command {
  const command = new Command('apply')
    .description('change the workspace to match a workspace file, and print the changes')
    .argument('<file>', 'a workspace file (YAML)');
  return inWorkspace(command, 'the workspace to change (default: the only one, or the one that the file names)')
    .option('--dry-run', 'print the changes without making them')
    .option('--reseal', 'store all credentials again, after CRESSET_SECRET was lost or changed')
    .option('--json', 'answer as JSON')
    .addHelpText('after', help)
    .action(async (file: string, options: ApplyCommandOptions) => {
      const { dryRun = false, reseal = false, json } = options;
      const { env } = terminal;
      const path = resolve(file);
      const config = readConfig(env, new Set([...variablesOf(path), ...variablesOf(env.CRESSET_WORKSPACE)]));
      const work = async (db: Database) => {
        const choose = (name: string | null) => chooseWorkspace(db, options.in ?? config.workspaceName, name);
        const checks = { checkFilter, checkReferences, checkContent };
        const secret = await secretForCommand(db, config);
        return applyFile(db, { choose, path, env, secret, ...checks, dryRun, reseal, by: callerOf('cresset apply') });
      };
      const { plan, warnings } = await withDatabase(config, work, json ? {} : { terminal });
      const note = dryRun ? '\nThis was a dry run: nothing was changed.' : '';
      const told = warnings.map((warning) => `! ${warning}\n`).join('');
      const remarks = warnings.length > 0 && { warnings };
      answer(terminal, json, { dry_run: dryRun, plan, ...remarks }, `${told}${printPlan(plan)}${note}`);
    });
}

const help = `
Applying the same file again changes nothing. Things that the file does not name stay as they are and are listed.
Running servers use the changes at once. docs/workspace-file.md describes the file.

Examples:
  cresset apply workspace.yaml
  cresset apply --dry-run workspace.yaml
  cresset apply workspace.yaml --json`;
