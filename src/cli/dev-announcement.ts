import type { Simulators } from '../simulate/all.ts';
import type { Terminal } from './terminal.ts';

export interface DevFacts {
  url: string;
  key: string;
  /** The folder of the data, which is deleted at the end. */
  dataDir: string;
  /** A body of /users/track with the person that every start has. null: nobody is stored. */
  person: string | null;
  /** null: none run. */
  simulators: Simulators | null;
}

/** Stores the person to try things on, and prints where everything is. Throws if that person is refused. */
export async function announceDev(facts: DevFacts, json: boolean | undefined, terminal: Terminal): Promise<void> {
  const { url, key, dataDir, person, simulators } = facts;
  if (person !== null) await store(facts, person);
  const addresses = Object.entries(simulators?.started ?? {}).map(([name, { url }]): [string, string] => [name, url]);
  const control = simulators?.controlUrl ?? null;
  const value = { url, api_key: key, data_dir: dataDir, simulators: { ...Object.fromEntries(addresses), control } };
  // In one line, because programs read the line and not the end of the output.
  terminal.print(json ? JSON.stringify(value) : text(facts, control));
}

async function store({ url, key }: DevFacts, person: string): Promise<void> {
  const response = await fetch(`${url}/users/track`, {
    method: 'POST',
    headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json' },
    body: person,
  });
  if (!response.ok) throw new Error(`the first person was not stored: ${response.status} ${await response.text()}`);
}

function text({ url, key, dataDir, person }: DevFacts, control: string | null): string {
  const authorization = `-H "Authorization: Bearer ${key}"`;
  const name = person === null ? 'somebody' : 'ada';
  const body = `{"external_user_ids":["${name}"],"messages":{"webhook":{"url":"https://example.com/hook","request_method":"POST","body":"Hello {{\${first_name}}}"}}}`;
  const lines = [
    `Cresset is listening on ${url}, to try things on. Ctrl+C ends it.`,
    '',
    `  key         ${key} (every permission; only this machine is answered)`,
    `  console     ${url} (sign in as admin with the key as password)`,
    `  data        ${dataDir} (deleted at the end)`,
  ];
  if (control !== null)
    lines.push(
      '  people      external id "ada", with an email address, a number and a device of each kind',
      '  messages    webhooks: the sandbox; mails, push, texts and WhatsApp: simulators',
      `  simulators  ${control}/__sim/counts`,
    );
  lines.push(
    ...['', 'Send something, and see what was sent:', ''],
    `  curl ${url}/messages/send ${authorization} -d '${body}'`,
    `  curl ${url}/sandbox/messages ${authorization}`,
  );
  return lines.join('\n');
}
