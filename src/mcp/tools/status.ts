import * as z from 'zod';
import { CressetError, type OperationName } from '../../client/client.ts';
import { refusalText } from '../refusal.ts';
import { type Call, defineTool, reading } from '../tool.ts';
import { list, record } from './arguments.ts';

/** The lists of what messages go through, by the member of the answer. */
const accounts: Readonly<Record<string, OperationName>> = {
  push_apps: 'GET /push/apps',
  mail_relays: 'GET /email/relays',
  subscription_groups: 'GET /subscription/accounts',
};

export const getStatus = defineTool({
  name: 'get_status',
  title: 'Status and problems',
  description:
    'Says what keeps messages from going out now: problems, one sentence each (none: nothing is known to be wrong), what messages wait for although nothing is wrong, servers, workers and the queue. Begin here when something does not arrive. Permission: status.read; for accounts also push.read, email.read, subscription.read.',
  input: z.strictObject({
    accounts: z
      .boolean()
      .default(false)
      .describe('Whether the push apps, mail relays and subscription groups are listed, too, with the state of each.'),
  }),
  output: {
    problems: z.array(z.string()).describe('What is wrong.'),
    waits: z.array(z.string()).describe('What messages wait for although nothing is wrong.'),
    queue: record('What waits, by lane.'),
    servers: list('Processes.'),
    workers: list('Threads that send.'),
    accounts: record('By kind. A kind that the key may not read has the refusal in its place.'),
  },
  annotations: reading,
  async run({ accounts: isAsked }, call) {
    const status = await call.api.call('GET /status', {}, { signal: call.signal });
    return isAsked ? { ...status, accounts: await readAccounts(call) } : status;
  },
});

async function readAccounts({ api, signal }: Call): Promise<object> {
  const read = Object.entries(accounts).map(async ([kind, name]) => {
    try {
      return [kind, await api.call(name, {}, { signal })];
    } catch (error) {
      if (!(error instanceof CressetError)) throw error;
      return [kind, { refused: refusalText(error, api.url) }];
    }
  });
  return Object.fromEntries(await Promise.all(read));
}
