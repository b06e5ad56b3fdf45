import { McpServer } from '@modelcontextprotocol/server';
import type { Clock } from '../lib/clock.ts';
import { version } from '../lib/project/version.ts';
import type { Api } from './api.ts';
import { instructionsOf } from './instructions.ts';
import { Rehearsals } from './sending/rehearsals.ts';
import type { Tool } from './tool.ts';
import { explainAudience, previewAudience } from './tools/audiences.ts';
import { getCampaignStatistics, getDefinition, listDefinitions } from './tools/definitions.ts';
import { getDispatch, listDispatches, listRecipients, listSandboxMessages } from './tools/dispatches.ts';
import { find } from './tools/find.ts';
import { getUser, listUserMessages } from './tools/people.ts';
import { previewMessage } from './tools/previews.ts';
import { sendTools } from './tools/sends.ts';
import { getStatus } from './tools/status.ts';

const readTools: readonly Tool[] = [
  ...[getStatus, find, listDispatches, getDispatch, listRecipients, listUserMessages, getUser],
  ...[previewAudience, explainAudience, previewMessage],
  ...[listDefinitions, getDefinition, getCampaignStatistics, listSandboxMessages],
];

export interface McpOptions {
  api: Api;
  clock: Clock;
  /** Whether the tools that send are left out. */
  isReadOnly: boolean;
}

/**
 * Returns a function that makes a server of MCP for a connection. A connection may need more than one until both sides know
 * which version of the protocol they speak; the tokens of sends are those of all.
 */
export function mcpServers({ api, clock, isReadOnly }: McpOptions): () => McpServer {
  const tools = isReadOnly ? readTools : [...readTools, ...sendTools(new Rehearsals(clock))];
  const instructions = instructionsOf(isReadOnly);
  return () => {
    const server = new McpServer({ name: 'cresset', title: 'Cresset', version }, { instructions });
    for (const tool of tools) tool.register(server, api);
    return server;
  };
}
