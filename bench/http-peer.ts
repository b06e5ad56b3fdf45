// Sends without Cresset, in its own process: it has the people in memory, renders the same template for each, and posts with
// undici. It is told with which latency, and answers how fast it was.
import { Pool } from 'undici';
import type { RenderedSms } from '../src/channels/sms/rendered.ts';
import type { RenderedWebhook } from '../src/channels/webhook/rendered.ts';
import type { Recipient } from '../src/people/profile/facts.ts';
import { ACCOUNT, type HttpChannel, messageOf, NUMBER } from './http-world.ts';
import { inParallel, loadRendered, measured } from './peer-people.ts';

export interface HttpOrder {
  /** The receiver's latency, which decides how many connections a handwritten loop needs. */
  latencyMs: number;
}

interface Post {
  path: string;
  headers: Readonly<Record<string, string>>;
  body: string | null;
}

/** The number of connections with which the loop is fastest here: without latency, more only cost. */
const CONNECTIONS = { near: 64, far: 256 };
/** Twilio refuses more calls at once than about this. */
const MOST_OF_TWILIO = 64;

const [channel, databaseUrl, sink] = process.argv.slice(2) as [HttpChannel, string, string];
const { people, render } = await loadRendered(databaseUrl, channel, messageOf(channel, sink));
const postFor = { webhook: webhookFor, sms: textFor, whats_app: chatFor }[channel];

process.on('message', async ({ latencyMs }: HttpOrder) => {
  process.send?.(await measured(people.length, () => run(connectionsFor(latencyMs))));
});
process.on('disconnect', () => process.exit());
process.send?.('ready');

function connectionsFor(latencyMs: number): number {
  const wanted = latencyMs === 0 ? CONNECTIONS.near : CONNECTIONS.far;
  return channel === 'sms' ? Math.min(wanted, MOST_OF_TWILIO) : wanted;
}

async function run(connections: number): Promise<void> {
  const pool = new Pool(sink, { connections, pipelining: 1 });
  await inParallel(people, connections, () => async (person) => {
    const { statusCode, body } = await pool.request({ method: 'POST', ...postFor(person) });
    if (statusCode >= 300) throw new Error(`the receiver answered ${statusCode}`);
    // A webhook's answer says nothing; the others name the message.
    if (channel === 'webhook') await body.dump();
    else await body.json();
  });
  await pool.close();
}

function webhookFor(person: Recipient): Post {
  const { headers, body, url } = render(person) as RenderedWebhook;
  return { path: new URL(url).pathname, headers, body };
}

const login = `Basic ${Buffer.from(`${ACCOUNT.sid}:${ACCOUNT.token}`).toString('base64')}`;

/** It wants to hear of each text, as the server does, by a name that nobody has signed. */
function textFor(person: Recipient): Post {
  const { body: Body } = render(person) as RenderedSms;
  const { phone: To, externalId } = person.person;
  const form = { To: To ?? '', From: ACCOUNT.from, Body, StatusCallback: `${sink}/callbacks/status/${externalId}` };
  return {
    path: `/2010-04-01/Accounts/${ACCOUNT.sid}/Messages.json`,
    headers: { authorization: login, 'content-type': 'application/x-www-form-urlencoded', accept: 'application/json' },
    body: new URLSearchParams(form).toString(),
  };
}

function chatFor(person: Recipient): Post {
  const { phone: to, externalId } = person.person;
  const head = { messaging_product: 'whatsapp', recipient_type: 'individual', to };
  return {
    path: `/v23.0/${NUMBER.id}/messages`,
    headers: {
      authorization: `Bearer ${NUMBER.token}`,
      'content-type': 'application/json',
      accept: 'application/json',
    },
    body: JSON.stringify({ ...head, ...render(person), biz_opaque_callback_data: externalId }),
  };
}
