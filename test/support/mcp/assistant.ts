import assert from 'node:assert/strict';
import type { TestContext } from 'node:test';
import { type CallToolResult, Client, InMemoryTransport } from '@modelcontextprotocol/client';
import { StdioClientTransport } from '@modelcontextprotocol/client/stdio';
import { plainEnvironment, program } from '../../../rig/process.ts';
import { systemClock } from '../../../src/lib/clock.ts';
import { createApi } from '../../../src/mcp/api.ts';
import { type McpOptions, mcpServers } from '../../../src/mcp/server.ts';

// biome-ignore lint/suspicious/noExplicitAny: a test says what it expects of an answer, member by member
export type Answer = Record<string, any>;

/** The assistant's side of a connection. */
export class Assistant {
  readonly client: Client;
  /** What the client could not read. */
  readonly errors: Error[] = [];

  constructor(client: Client) {
    this.client = client;
    client.onerror = (error) => this.errors.push(error);
  }

  /** Calls a tool that must not fail. Returns its answer, which stands in its text, too. */
  async ask(name: string, given: object = {}): Promise<Answer> {
    const { isError, content, structuredContent } = await this.call(name, given);
    const [first] = content;
    assert.ok(first?.type === 'text');
    assert.equal(isError ?? false, false, first.text);
    assert.deepEqual(JSON.parse(first.text), structuredContent);
    return structuredContent as Answer;
  }

  /** Calls a tool that must fail. Returns its words. */
  async refused(name: string, given: object = {}): Promise<string> {
    const { isError, content, structuredContent } = await this.call(name, given);
    const [first] = content;
    assert.ok(first?.type === 'text');
    assert.equal(isError, true, first.text);
    assert.equal(structuredContent, undefined);
    return first.text;
  }

  private call(name: string, given: object): Promise<CallToolResult> {
    return this.client.callTool({ name, arguments: { ...given } });
  }
}

const identity = { name: 'test', version: '1' };

/** Starts `cresset mcp` as assistants do: a process with the key in its environment. It ends with the test. */
export async function startAssistant(
  t: TestContext,
  { url, key, args = [] }: { url: string; key: string; args?: string[] },
): Promise<Assistant & { log(): string }> {
  const transport = new StdioClientTransport({
    command: process.execPath,
    args: [program, 'mcp', '--url', url, ...args],
    env: { ...plainEnvironment(), CRESSET_MCP_KEY: key },
    stderr: 'pipe',
  });
  let log = '';
  transport.stderr?.on('data', (chunk) => (log += chunk));
  // The version of the protocol that is newest: `auto` asks the server for it.
  const assistant = new Assistant(new Client(identity, { versionNegotiation: { mode: 'auto' } }));
  await assistant.client.connect(transport);
  t.after(() => assistant.client.close());
  return Object.assign(assistant, { log: () => log });
}

/** The same without a process, for a clock that is moved. */
export async function connectAssistant(
  t: TestContext,
  { url, key, ...options }: { url: string; key: string } & Partial<McpOptions>,
): Promise<Assistant> {
  const server = mcpServers({ api: createApi({ url, key }), clock: systemClock, isReadOnly: false, ...options })();
  const [ours, theirs] = InMemoryTransport.createLinkedPair();
  await server.connect(theirs);
  const assistant = new Assistant(new Client(identity));
  await assistant.client.connect(ours);
  t.after(() => assistant.client.close());
  return assistant;
}
