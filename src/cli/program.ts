import { Command, CommanderError } from 'commander';
import { BackupFileError, BackupNotWrittenError } from '../backup/error.ts';
import { type Config, ConfigError, readConfig } from '../config.ts';
import { EmbeddedDatabaseError } from '../db/embedded/embedded.ts';
import { DatabaseUnusableError } from '../db/unusable.ts';
import { ListenError } from '../http/listen.ts';
import { version } from '../lib/project/version.ts';
import { ImportFileError } from '../people/import/entry.ts';
import { CressetUnusableError } from '../shadow/here.ts';
import { FaultError } from '../simulate/faults.ts';
import { PortError } from '../simulate/listen.ts';
import { WorkspaceFolderError } from '../simulate/workspace-folder.ts';
import { FileOwnsError } from '../workspace/edit/edit.ts';
import { InUseError, NoSegmentError } from '../workspace/edit/remove-segment.ts';
import { variablesOf } from '../workspace/file/apply-file.ts';
import type { CheckReferences } from '../workspace/file/apply-references.ts';
import type { CheckContent } from '../workspace/file/check-campaigns.ts';
import { type CheckFilter, WorkspaceFileError } from '../workspace/file/file.ts';
import { KeyError } from '../workspace/keys/keys.ts';
import { SecretError } from '../workspace/secrets.ts';
import { StoredSettingsError } from '../workspace/stored-settings.ts';
import { WorkspaceNameError } from '../workspace/workspaces.ts';
import { applyCommand } from './apply-command.ts';
import { backupCommand } from './backup/backup-command.ts';
import { restoreCommand } from './backup/restore-command.ts';
import { devCommand, type ServeThrowAway } from './dev-command.ts';
import { doctorCommand } from './doctor/doctor-command.ts';
import { keysCommand } from './keys-command.ts';
import { mcpCommand } from './mcp/mcp-command.ts';
import { shadowCommand } from './shadow/shadow-command.ts';
import { simulateCommand } from './simulate-command.ts';
import { CommandEnd, type Terminal } from './terminal.ts';
import { tokensCommand } from './tokens-command.ts';
import { UsageError } from './usage-error.ts';
import { usersCommand } from './users-command.ts';
import { whyCommand } from './why/why-command.ts';
import { segmentsCommand } from './workspaces/segments-command.ts';
import { workspaceCommand } from './workspaces/workspace-command.ts';
import { workspacesCommand } from './workspaces/workspaces-command.ts';

export type { Terminal } from './terminal.ts';

/** The parts of the program that come from outside. */
export interface Actions {
  /** Serves until the process is told to stop. */
  serve(
    config: Config,
    options: { json: boolean; env: Terminal['env']; throwAway?: Parameters<ServeThrowAway>[1]['throwAway'] },
  ): Promise<void>;
  /** Checks of segment filters and of what they refer to, and of campaigns' messages. */
  checkFilter: CheckFilter;
  checkReferences: CheckReferences;
  checkContent: CheckContent;
  /** Resolves when the stand-ins are to stop. Default: when the process gets a signal. */
  simulateUntil?: () => Promise<unknown>;
  /** Resolves when the proxy is to stop. Default: when the process gets a signal. */
  shadowUntil?: () => Promise<unknown>;
}

export const exitCodes = { done: 0, failed: 1, misused: 2 } as const;

export function buildProgram(actions: Actions, terminal: Terminal): Command {
  const program = new Command('cresset')
    .description("A self-hosted message-sending server, wire-compatible with Braze's POST /messages/send.")
    .version(version, '--version', 'print the version')
    .addCommand(serveCommand(actions, terminal))
    .addCommand(devCommand((config, options) => actions.serve(config, options), terminal))
    .addCommand(applyCommand(terminal, actions))
    .addCommand(workspaceCommand(terminal))
    .addCommand(workspacesCommand(terminal))
    .addCommand(segmentsCommand(terminal, actions))
    .addCommand(keysCommand(terminal))
    .addCommand(tokensCommand(terminal))
    .addCommand(usersCommand(terminal))
    .addCommand(whyCommand(terminal))
    .addCommand(backupCommand(terminal))
    .addCommand(restoreCommand(terminal))
    .addCommand(doctorCommand(terminal))
    .addCommand(simulateCommand(terminal, actions.simulateUntil))
    .addCommand(shadowCommand(terminal, actions.shadowUntil))
    .addCommand(mcpCommand(terminal))
    .addHelpText('after', '\nTo learn more about a command: cresset <command> --help');
  catchExits(program, terminal);
  return program;
}

/** Runs one command line (without node and script) and returns the exit code. It prints errors and does not throw them. */
export async function runProgram(args: readonly string[], actions: Actions, terminal: Terminal): Promise<number> {
  try {
    await buildProgram(actions, terminal).parseAsync(args, { from: 'user' });
    return exitCodes.done;
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? exitCodes.done : exitCodes.misused;
    if (error instanceof CommandEnd) return error.exitCode;
    const isMisuse = misuses.some((kind) => error instanceof kind);
    report(error, args.includes('--json'), terminal);
    return isMisuse ? exitCodes.misused : exitCodes.failed;
  }
}

const misuses = [
  UsageError,
  BackupFileError,
  ConfigError,
  WorkspaceFileError,
  ImportFileError,
  FaultError,
  WorkspaceFolderError,
  WorkspaceNameError,
];
const expected = [
  ...misuses,
  FileOwnsError,
  InUseError,
  NoSegmentError,
  BackupNotWrittenError,
  ListenError,
  PortError,
  KeyError,
  SecretError,
  StoredSettingsError,
  EmbeddedDatabaseError,
  DatabaseUnusableError,
  CressetUnusableError,
];

function report(error: unknown, json: boolean, terminal: Terminal): void {
  const { name, message, stack = message } = error instanceof Error ? error : new Error(String(error));
  if (json) {
    const problems = error instanceof ConfigError || error instanceof WorkspaceFileError ? error.problems : [message];
    terminal.printError(JSON.stringify({ error: { name, problems } }));
    return;
  }
  // A bug is printed with its stack; an error that the person can fix, without it.
  terminal.printError(expected.some((kind) => error instanceof kind) ? message : stack);
}

function serveCommand(actions: Actions, terminal: Terminal): Command {
  return new Command('serve')
    .description('start the server, which reads its configuration from the environment (docs/configuration.md)')
    .option('--json', 'print the address, and the first key if one is created, as JSON')
    .addHelpText('after', '\nExamples:\n  cresset serve\n  PORT=9000 CRESSET_WORKSPACE=workspace.yaml cresset serve')
    .action(async ({ json = false }: { json?: boolean }) => {
      const { env } = terminal;
      await actions.serve(readConfig(env, variablesOf(env.CRESSET_WORKSPACE)), { json, env });
    });
}

/** Makes every command throw instead of ending the process, which is Commander's default. */
function catchExits(command: Command, terminal: Terminal): void {
  command.exitOverride().configureOutput({
    writeOut: (text) => terminal.print(text.trimEnd()),
    writeErr: (text) => terminal.printError(text.trimEnd()),
  });
  for (const child of command.commands) catchExits(child, terminal);
}
