import { StdioServerTransport, serveStdio } from '@modelcontextprotocol/server/stdio';
import { type McpOptions, mcpServers } from './server.ts';

/** Serves one assistant over standard input and output. Resolves when the input ends. `onTrouble`: what it cannot read. */
export async function serveMcp(options: McpOptions & { onTrouble(error: Error): void }): Promise<void> {
  const transport = new EndingTransport();
  serveStdio(mcpServers(options), { transport, onerror: options.onTrouble });
  await transport.ended;
}

/** Says when the connection has ended: at the end of the input, or when nobody reads the output. */
class EndingTransport extends StdioServerTransport {
  readonly ended: Promise<void>;
  readonly #end: () => void;

  constructor() {
    super();
    const { promise, resolve } = Promise.withResolvers<void>();
    this.ended = promise;
    this.#end = resolve;
  }

  override async close(): Promise<void> {
    await super.close();
    this.#end();
  }
}
