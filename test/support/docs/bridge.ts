import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { TestContext } from 'node:test';
import { audienceChecks } from '../../../src/audience/grammar/check-filter.ts';
import { runProgram } from '../../../src/cli/program.ts';
import { messageChecks } from '../../../src/dispatch/plan/campaign-content.ts';

export interface Bridge {
  /** Where the shell's `cresset` posts its words. */
  url: string;
  /** Ends the commands that stay in the foreground. */
  end(): Promise<void>;
}

interface Call {
  args: string[];
  env: Record<string, string>;
}

/**
 * Runs the commands `cresset …` of a shell in this process, with the shell's environment and `env`. A request holds the
 * words and, after an empty one, the environment, each with a NUL. An answer holds the exit code, a line break, and what
 * was printed. Commands that stay in the foreground are answered once they have printed something. `afterEach` is awaited
 * before a command is answered.
 */
export async function startBridge(
  t: TestContext,
  env: Record<string, string>,
  afterEach: () => Promise<void>,
): Promise<Bridge> {
  const ending = Promise.withResolvers<void>();
  const running: Promise<unknown>[] = [];
  async function run(call: Call): Promise<string> {
    const stays = call.args[0] === 'simulate';
    const args = stays ? [...call.args, '--port', '0', '--control-port', '0'] : call.args;
    const printed = Promise.withResolvers<void>();
    const said: string[] = [];
    const say = (text: string) => {
      said.push(text);
      printed.resolve();
    };
    const serve = () => Promise.reject(new Error('a page must not start a second server in its session'));
    const code = runProgram(
      args,
      { serve, ...audienceChecks, ...messageChecks, simulateUntil: () => ending.promise },
      { env: { ...call.env, ...env }, print: say, printError: say },
    );
    running.push(code);
    const exit = stays ? await Promise.race([code, printed.promise.then(() => 0)]) : await code;
    await afterEach();
    return [String(exit), ...said].join('\n');
  }
  const server = createServer(async (request, response) => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk);
    response.end(await run(callOf(Buffer.concat(chunks).toString())));
  });
  await new Promise<void>((ready) => server.listen(0, '127.0.0.1', ready));
  t.after(() => server.close());
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    async end() {
      ending.resolve();
      await Promise.all(running);
    },
  };
}

function callOf(request: string): Call {
  const words = request.split('\0');
  const end = words.indexOf('');
  const env = words.slice(end + 1).flatMap((pair) => {
    const at = pair.indexOf('=');
    return at < 1 || pair.startsWith('CRESSET_TEST') ? [] : [[pair.slice(0, at), pair.slice(at + 1)]];
  });
  return { args: words.slice(0, end), env: Object.fromEntries(env) };
}
