import { isIP } from 'node:net';
import { Command } from 'commander';
import { readConfig } from '../../config.ts';
import { DatabaseUnusableError } from '../../db/unusable.ts';
import { type Diagnosis, diagnose } from '../../doctor/diagnose.ts';
import type { Finding } from '../../doctor/finding.ts';
import { variablesOf } from '../../workspace/file/apply-file.ts';
import { answer, CommandEnd, type Terminal } from '../terminal.ts';
import { UsageError } from '../usage-error.ts';
import { withDatabaseUrl } from '../with-database.ts';

interface DoctorOptions {
  dns?: string;
  json?: boolean;
}

const FINDINGS = 1;

export function doctorCommand(terminal: Terminal): Command {
  return new Command('doctor')
    .description('look at everything that an installation needs, and say what is wrong and how to mend it')
    .option('--dns <address>', 'ask this name server, such as 9.9.9.9 or 127.0.0.1:5353 (default: those of the system)')
    .option('--json', 'answer as JSON')
    .addHelpText('after', help)
    .action(async ({ dns, json }: DoctorOptions) => {
      const config = readConfig(terminal.env, variablesOf(terminal.env.CRESSET_WORKSPACE));
      const folder = config.databaseUrl === null ? config.dataDir : null;
      const installation = { ...config, folder, dnsServer: dns === undefined ? null : nameServer(dns) };
      const work = (url: string) => diagnose({ ...installation, url });
      const diagnosis = await withDatabaseUrl(config, work, json ? {} : { terminal }).catch(withoutDatabase);
      answer(terminal, json, { ok: diagnosis.findings.length === 0, ...diagnosis }, textOf(diagnosis));
      if (diagnosis.findings.length > 0) throw new CommandEnd(FINDINGS);
    });
}

/** An embedded database that is missing is a finding, too. */
function withoutDatabase(error: unknown): Diagnosis {
  if (!(error instanceof DatabaseUnusableError)) throw error;
  const [known = '', ...advice] = error.message.split(/(?<=\.) (?=[A-Z])/);
  const finding = { area: 'database', subject: null, problem: 'it cannot be used', known, mend: advice.join(' ') };
  return {
    findings: [finding],
    looked: ['database'],
    left: ['clock', 'work', 'secret', 'accounts', 'dns', 'public_url'],
  };
}

function nameServer(text: string): string {
  const [, host = ''] = /^\[?([0-9a-fA-F:.]+?)\]?(?::\d{1,5})?$/.exec(text) ?? [];
  if (isIP(text) !== 0 || isIP(host) !== 0) return text;
  throw new UsageError(`--dns ${text}: expected an address such as 9.9.9.9 or 127.0.0.1:5353`);
}

function textOf({ findings, looked, left }: Diagnosis): string {
  const lines = findings.flatMap(linesOf);
  if (left.length > 0) lines.push(`Not looked at, because of that: ${left.join(', ')}.`);
  if (findings.length === 0) lines.push(`Nothing is wrong. Looked at: ${looked.join(', ')}.`);
  return lines.join('\n');
}

function linesOf({ area, subject, problem, known, mend }: Finding): string[] {
  return [
    `✗ ${area}${subject === null ? '' : `, ${subject}`}: ${problem}`,
    `  known by: ${known}`,
    `  to mend: ${mend}`,
    '',
  ];
}

const help = `
It changes nothing and sends no message: it logs in at relays, asks providers for tokens, and reads the DNS of the sender.
Ends with 0 if nothing is wrong, 1 if something is, and 2 if it could not look.

Examples:
  cresset doctor
  cresset doctor --json --dns 9.9.9.9`;
