import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';

/** A process that does the same work without Cresset, told by messages what to do. */
export interface Peer<Order, Answer> {
  run(order: Order): Promise<Answer>;
  stop(): void;
}

/** `file`: its name in this folder. It says something once it is ready, and answers each order with one message. */
export async function startPeer<Order extends object, Answer>(
  file: string,
  args: readonly string[],
  env: Readonly<Record<string, string>> = {},
): Promise<Peer<Order, Answer>> {
  const child = spawn(process.execPath, [fileURLToPath(new URL(file, import.meta.url)), ...args], {
    env: { ...process.env, ...env },
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
  });
  const failed = once(child, 'exit').then(([code]) => {
    throw new Error(`${file} ended with ${code}`);
  });
  failed.catch(() => undefined);
  await Promise.race([once(child, 'message'), failed]);
  return {
    async run(order) {
      child.send(order);
      const [answer] = (await Promise.race([once(child, 'message'), failed])) as [Answer];
      return answer;
    },
    stop: () => child.disconnect(),
  };
}
