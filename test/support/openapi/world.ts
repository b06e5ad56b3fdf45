import type { TestContext } from 'node:test';
import { exampleIds as ids } from '../../../src/http/openapi/example-ids.ts';
import { startTestApp, type TestApp } from '../app.ts';

/** Everything that the examples of the document name. */
const definitions = `
apps:
  - { id: ${ids.app}, name: Acme iOS, platform: ios }
  - { id: ${ids.webApp}, name: Acme Web, platform: web }
email: { default_from: hello@acme.example }
subscription_groups:
  - { id: ${ids.emailGroup}, name: News, channel: email }
  - { id: ${ids.smsGroup}, name: Alerts, channel: sms }
  - { id: ${ids.whatsAppGroup}, name: Support, channel: whats_app }
segments:
  - { id: ${ids.segment}, name: Everybody, filter: null }
campaigns:
  - { id: spring, name: Spring, kind: api, tags: [sale], variations: [{ id: mail, channel: email }] }
  - id: welcome
    name: Welcome
    kind: api_triggered
    variations: [{ id: hello, channel: webhook }]
    messages: { webhook: { message_variation_id: hello, url: "https://example.com/hook", request_method: POST, body: "Hi" } }
  - id: receipt
    name: Receipt
    kind: transactional
    variations: [{ id: paid, channel: email }]
    messages: { email: { message_variation_id: paid, app_id: ${ids.app}, subject: Receipt, body: Thanks } }
`;

export interface World {
  app: TestApp;
  /** What stands in the place of ids of the document that the server chooses. */
  standIns: Map<string, string>;
  /** Makes what the example of an operation needs. */
  prepare(operation: string): Promise<void>;
}

export async function startWorld(t: TestContext): Promise<World> {
  const app = await startTestApp(t, { worker: false });
  await app.givenWorkspace(definitions);
  await app.givenWorkspace(definitions + (await roomyRates(app)));
  const standIns = new Map<string, string>();
  await app.post('/users/track', {
    attributes: [
      { external_id: 'ada', first_name: 'Ada', email: 'ada@example.com', phone: '+4366412345678' },
      { external_id: 'bob', email: 'bob@example.com' },
    ],
  });
  const world = { app, standIns };
  return { ...world, prepare: async (operation) => preparations[operation]?.(world) };
}

type Preparation = (world: Omit<World, 'prepare'>) => Promise<void>;
const preparations: Readonly<Record<string, Preparation>> = {};

/** Limits that a test does not reach, of every rate in the document. */
async function roomyRates(app: TestApp): Promise<string> {
  const { paths } = (await app.get('/openapi.json', { key: null })).body as {
    paths: Record<string, Record<string, { 'x-cresset-rate': { bucket: string } }>>;
  };
  const buckets = new Set(Object.values(paths).flatMap((one) => Object.values(one).map((of) => of['x-cresset-rate'].bucket)));
  return `rate_limits: { ${[...buckets].map((name) => `${JSON.stringify(name)}: 1000000`).join(', ')} }\n`;
}
