import { resolve } from 'node:path';
import { Command } from 'commander';
import type { Header } from '../../backup/format.ts';
import { checkBackup, type Restored, restoreBackup } from '../../backup/restore-backup.ts';
import { type Config, readConfig } from '../../config.ts';
import { counted } from '../../lib/counted.ts';
import { variablesOf } from '../../workspace/file/apply-file.ts';
import { findSecret } from '../../workspace/secrets.ts';
import { answer, type Terminal } from '../terminal.ts';
import { withDatabaseUrl } from '../with-database.ts';

interface RestoreCommandOptions {
  check?: boolean;
  json?: boolean;
}

export function restoreCommand(terminal: Terminal): Command {
  return new Command('restore')
    .description('fill an empty database from a backup, and pause what was being sent')
    .argument('<file>', 'a file that cresset backup wrote')
    .option('--check', 'only read the file to its end, and say whether it is whole')
    .option('--json', 'answer as JSON')
    .addHelpText('after', help)
    .action(async (file: string, { check = false, json }: RestoreCommandOptions) => {
      const path = resolve(file);
      if (check) {
        const { header, rows } = await checkBackup(path);
        const text = `${path} is whole: ${counted(rows, 'row')} of ${header.takenAt.toISOString()}, by Cresset ${header.version}.`;
        return answer(terminal, json, { file: path, ...shownHeader(header), rows }, text);
      }
      const config = readConfig(terminal.env, variablesOf(terminal.env.CRESSET_WORKSPACE));
      const onProgress = (table: string) => terminal.redraw?.(table);
      const work = (url: string) => restoreBackup(url, path, { now: new Date(), onProgress });
      const restored = await withDatabaseUrl(config, work, { makes: true, ...(!json && { terminal }) });
      terminal.redraw?.('');
      const secret = secretProblem(restored.header, config);
      const { dispatches, unknown } = restored.paused;
      const result = { paused_dispatches: dispatches, unknown_sends: unknown, secret_problem: secret };
      const whole = { file: path, ...shownHeader(restored.header), rows: restored.rows, ...result };
      return answer(terminal, json, whole, textOf(restored, secret));
    });
}

function shownHeader({ takenAt, version, secretFingerprint }: Header): object {
  return { taken_at: takenAt, version, secret_fingerprint: secretFingerprint };
}

function textOf({ header, rows, paused }: Restored, secret: string | null): string {
  const lines = [`Restored ${counted(rows, 'row')}, as they were at ${header.takenAt.toISOString()}.`];
  const { dispatches, unknown } = paused;
  if (dispatches > 0) {
    const [was, is, each] = dispatches === 1 ? ['was', 'is', 'it'] : ['were', 'are', 'each'];
    const what = `${counted(dispatches, 'dispatch', 'dispatches')} ${was} not over then, and ${is} paused`;
    lines.push(
      `${what}: what was pending may have been sent since. Resume or cancel ${each} (GET /dispatches?state=paused).`,
    );
  }
  if (unknown > 0) {
    const [was, is, they] = unknown === 1 ? ['was', 'is', 'it'] : ['were', 'are', 'they'];
    lines.push(`${counted(unknown, 'send')} ${was} in hand then, and ${is} unknown: ${they} may have gone out.`);
  }
  if (secret !== null) lines.push(`! ${secret}`);
  return lines.join('\n');
}

/** Says which secret a server needs, if the one that it would start with is another. null: it has the right one. */
function secretProblem({ secretFingerprint }: Header, config: Config): string | null {
  if (secretFingerprint === null) return null;
  const here = findSecret(config)?.fingerprint.toString('hex');
  if (here === secretFingerprint) return null;
  const found = here === undefined ? 'there is none here' : `the one here has the fingerprint ${here}`;
  return `The credentials are sealed with the CRESSET_SECRET of fingerprint ${secretFingerprint}, and ${found}. Start the server with that one, or write it to the file "secret" of the data folder. Without it the server refuses to start; if it is lost, run cresset apply --reseal <workspace file>.`;
}

const help = `
The database must be empty: without DATABASE_URL, an embedded one is made in CRESSET_DATA_DIR. Either everything is restored,
or nothing. Signed-in operators must sign in again. docs/backup.md says more.

Examples:
  CRESSET_DATA_DIR=./restored cresset restore cresset-2026-11-30.backup
  DATABASE_URL=postgres://… cresset restore cresset-2026-11-30.backup
  cresset restore --check cresset-2026-11-30.backup`;
