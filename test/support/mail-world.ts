import type { TestContext } from 'node:test';
import { sql } from '../../src/db/sql.ts';
import { startTestApp, type TestApp } from './app.ts';
import { type MailServer, startMailServer } from './mail-server.ts';

export const RETURN_PATH = 'bounces.acme.test';

export interface MailWorld {
  app: TestApp;
  server: MailServer;
  /** Sends one mail to each of these people. Resolves with the reference in each mail. */
  send(...people: string[]): Promise<Record<string, string>>;
  /** What became of the address of a person. */
  isDead(person: string): Promise<boolean>;
  isComplainer(person: string): Promise<boolean>;
  /** Whether the person would get the next mail. */
  isMailed(person: string): Promise<boolean>;
  /** Kind and outcome of all events, in the order of their application. */
  events(): Promise<string[]>;
}

/** A server with a return path, a mail server, and the people ada, bob and eve at example.test. */
export async function startMailWorld(
  t: TestContext,
  options: { email?: object; app?: Parameters<typeof startTestApp>[1] } = {},
): Promise<MailWorld> {
  const server = await startMailServer(t);
  const app = await startTestApp(t, options.app);
  const email = {
    default_from: 'Acme <hello@acme.test>',
    smtp: { url: server.url },
    return_path: RETURN_PATH,
    ...options.email,
  };
  await app.givenWorkspace(JSON.stringify({ email }));
  const people = ['ada', 'bob', 'eve'].map((external_id) => ({ external_id, email: `${external_id}@example.test` }));
  await app.post('/users/track', { attributes: people });
  const dispatch = async (external_user_ids: string[]) => {
    const email = { app_id: 'x', subject: 'Hi', body: '<p>Hi</p>' };
    const { body } = await app.post('/messages/send', { external_user_ids, messages: { email } });
    await app.drain();
    return body.dispatch_id as string;
  };
  const isListed = async (path: string) => ((await app.get(path)).body.emails as unknown[]).length > 0;
  return {
    app,
    server,
    async send(...names) {
      const before = server.mails.length;
      await dispatch(names);
      const sent = server.mails.slice(before).map(({ to, mail }) => {
        const line = mail.headerLines.find(({ key }) => key === 'x-cresset-ref')?.line ?? '';
        return [to.split('@')[0] ?? '', line.split(':')[1]?.trim() ?? ''];
      });
      return Object.fromEntries(sent);
    },
    isDead: (name) => isListed(`/email/hard_bounces?email=${name}@example.test`),
    async isComplainer(name) {
      const { body } = await app.post('/users/export/ids', {
        external_ids: [name],
        fields_to_export: ['email', 'email_subscribe', 'email_unsubscribed_at'],
      });
      return body.users[0]?.email_subscribe === 'unsubscribed';
    },
    async isMailed(name) {
      const before = server.mails.length;
      await dispatch([name]);
      return server.mails.slice(before).some(({ to }) => to === `${name}@example.test`);
    },
    async events() {
      const rows = await app.db.query<{ text: string }>(sql`
        select concat_ws(' ', kind, case when is_permanent then 'dead' end, outcome) as text
          from feedback_events
         order by place nulls last, event_id`);
      return rows.map(({ text }) => text);
    },
  };
}
