import { Command } from 'commander';
import { commandVariables } from '../../config/command-variables.ts';
import { systemClock } from '../../lib/clock.ts';
import { isPrivateRoute } from '../../lib/loopback.ts';
import type { Terminal } from '../terminal.ts';
import { UsageError } from '../usage-error.ts';

interface McpCommandOptions {
  url?: string;
  key?: string;
  readOnly?: boolean;
}

const { mcpUrl: URL_VARIABLE, mcpKey: KEY_VARIABLE } = commandVariables;
/** Most characters of a line about what the assistant sent. */
const LONGEST_LINE = 1_000;
const USUAL_URL = 'http://127.0.0.1:8080';

export function mcpCommand(terminal: Terminal): Command {
  return new Command('mcp')
    .description('let an assistant read a running Cresset, and send after a dry run, by the Model Context Protocol')
    .option('--url <url>', `address of the Cresset; ${URL_VARIABLE} holds it otherwise, or it is ${USUAL_URL}`)
    .option('--key <key>', `API key; better in ${KEY_VARIABLE}, because others on the machine see command lines`)
    .option('--read-only', 'leave out the tools that send')
    .addHelpText('after', help)
    .action((options: McpCommandOptions) => run(options, terminal));
}

/** Standard output belongs to the protocol, so everything for people goes to standard error. */
async function run(options: McpCommandOptions, terminal: Terminal): Promise<void> {
  const url = options.url ?? (terminal.env[URL_VARIABLE] || USUAL_URL);
  const key = readKey(options.key ?? terminal.env[KEY_VARIABLE]);
  // Loaded only here, because other commands do not need the protocol.
  const [{ createApi }, { serveMcp }] = await Promise.all([
    import('../../mcp/api.ts'),
    import('../../mcp/serve-stdio.ts'),
  ]);
  const api = readable(() => createApi({ url, key }));
  if (!isPrivateRoute(new URL(url)))
    terminal.printError(`${url}: the API key and personal data cross the network unencrypted; use https://`);
  terminal.printError(
    `Serving MCP for ${api.url} on standard input and output, which an assistant opens (docs/mcp.md).`,
  );
  const onTrouble = ({ message }: Error) => terminal.printError(`MCP: ${inOneLine(message)}`);
  await serveMcp({ api, clock: systemClock, isReadOnly: options.readOnly ?? false, onTrouble });
}

function inOneLine(message: string): string {
  return message.replace(/\s+/g, ' ').slice(0, LONGEST_LINE).toWellFormed();
}

function readKey(key: string | undefined): string {
  if (key !== undefined && key !== '') return key;
  throw new UsageError(`${KEY_VARIABLE}: expected an API key of the Cresset, got nothing`);
}

function readable<T>(make: () => T): T {
  try {
    return make();
  } catch (error) {
    if (error instanceof TypeError) throw new UsageError(error.message);
    throw error;
  }
}

const help = `
An assistant starts this command and speaks with it over standard input and output. The permissions of the key decide what it
may read and send. docs/mcp.md has the configuration of common assistants.

Examples:
  ${KEY_VARIABLE}=… cresset mcp --url https://cresset.example.com
  ${KEY_VARIABLE}=… cresset mcp --read-only`;
