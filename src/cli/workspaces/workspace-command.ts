import { writeFileSync } from 'node:fs';
import { Command } from 'commander';
import { readConfig } from '../../config.ts';
import { exportWorkspace } from '../../workspace/export/export-workspace.ts';
import { variablesOf } from '../../workspace/file/apply-file.ts';
import { secretForCommand } from '../../workspace/sealed/shared-secret.ts';
import { chooseWorkspace } from '../../workspace/workspaces.ts';
import { answer, type Terminal } from '../terminal.ts';
import { UsageError } from '../usage-error.ts';
import { withDatabase } from '../with-database.ts';
import { type InOption, inWorkspace } from './on-workspace.ts';

interface ExportOptions extends InOption {
  output?: string;
  json?: boolean;
}

export function workspaceCommand(terminal: Terminal): Command {
  return new Command('workspace').description('read what is applied').addCommand(
    inWorkspace(new Command('export'))
      .description('print what is applied as a workspace file, with variables in the place of secrets')
      .option('-o, --output <file>', 'write it to this file, which must not exist yet')
      .option('--json', 'answer as JSON')
      .addHelpText('after', help)
      .action((options: ExportOptions) => exportTo(terminal, options)),
  );
}

async function exportTo(terminal: Terminal, { output, json, in: name }: ExportOptions): Promise<void> {
  const { env } = terminal;
  const config = readConfig(env, variablesOf(env.CRESSET_WORKSPACE));
  const { yaml, variables } = await withDatabase(
    config,
    async (db) => {
      const workspaceId = await chooseWorkspace(db, name ?? config.workspaceName);
      return exportWorkspace(db, workspaceId, await secretForCommand(db, config));
    },
    json ? {} : { terminal },
  );
  if (output === undefined) return answer(terminal, json, { yaml, variables }, yaml.trimEnd());
  write(output, yaml);
  const text = `${output} is written. ${variables.length === 0 ? 'It needs no variables.' : `It needs ${variables.length} variables, which it names.`}`;
  answer(terminal, json, { file: output, variables }, text);
}

function write(path: string, yaml: string): void {
  try {
    writeFileSync(path, yaml, { flag: 'wx' });
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : 'unknown error';
    throw new UsageError(`--output ${path}: cannot be written (${code})`);
  }
}

const help = `
Once the variables that the file names are set, \`cresset apply\` of it changes nothing. Of API keys it has those that came from a
workspace file.

Examples:
  cresset workspace export > workspace.yaml
  cresset workspace export --output workspace.yaml`;
