import { resolve } from 'node:path';
import { Command } from 'commander';
import { type BackupMade, makeBackup } from '../../backup/make-backup.ts';
import { readConfig } from '../../config.ts';
import { counted } from '../../lib/counted.ts';
import { variablesOf } from '../../workspace/file/apply-file.ts';
import { answer, type Terminal } from '../terminal.ts';
import { withDatabaseUrl } from '../with-database.ts';
import { sizeText } from './sizes.ts';
import { untilSignal } from './until-signal.ts';

interface BackupCommandOptions {
  replace?: boolean;
  json?: boolean;
}

export function backupCommand(terminal: Terminal): Command {
  return new Command('backup')
    .description('save the whole database to a file, while servers run')
    .argument('<file>', 'the file to write, such as cresset-2026-11-30.backup')
    .option('--replace', 'replace a file of this name, once the new one is whole')
    .option('--json', 'answer as JSON')
    .addHelpText('after', help)
    .action(async (file: string, { replace = false, json }: BackupCommandOptions) => {
      const config = readConfig(terminal.env, variablesOf(terminal.env.CRESSET_WORKSPACE));
      const path = resolve(file);
      const stop = untilSignal();
      const onProgress = (table: string, bytes: number) => terminal.redraw?.(`${table} (${sizeText(bytes)})`);
      try {
        const work = (url: string) => makeBackup(url, path, { replaces: replace, signal: stop.signal, onProgress });
        const made = await withDatabaseUrl(config, work, json ? {} : { terminal });
        terminal.redraw?.('');
        answer(terminal, json, shown(path, made), textOf(path, made));
      } finally {
        stop.end();
      }
    });
}

function shown(path: string, { header, rows, fileBytes }: BackupMade): object {
  const { takenAt, version, secretFingerprint } = header;
  return {
    file: path,
    taken_at: takenAt,
    version,
    rows,
    bytes: fileBytes,
    secret_fingerprint: secretFingerprint,
  };
}

function textOf(path: string, { header, rows, fileBytes }: BackupMade): string {
  const { takenAt, secretFingerprint } = header;
  const saved = `Saved ${counted(rows, 'row')}, as they were at ${takenAt.toISOString()}, to ${path} (${sizeText(fileBytes)}).`;
  if (secretFingerprint === null) return saved;
  const secret = `The credentials in it are sealed. Keep CRESSET_SECRET (or the file "secret" of the data folder), fingerprint ${secretFingerprint}, elsewhere: the backup does not have it.`;
  return `${saved}\n${secret}`;
}

const help = `
The file is as the database was at one moment, whatever is sent meanwhile. It gets its name when it is whole.
It holds people's data, and only its owner may read it. docs/backup.md says what it has, and how to restore it.

Examples:
  cresset backup cresset-$(date +%F).backup
  cresset backup --replace /backups/nightly.backup --json`;
