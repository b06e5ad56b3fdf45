import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { startTestApp, type TestApp } from './app.ts';
import { commandLine, temporaryFolder } from './command-line.ts';

/** A server, and the command on its database with files in a folder of their own. */
export interface ForeignWorld extends TestApp {
  file(name: string, bytes: string | Buffer): string;
  import(...args: string[]): Promise<{ code: number; out: string; errors: string }>;
  /** What the server says of people, without what differs between two servers: the braze id. */
  exported(query: object): Promise<Record<string, unknown>[]>;
}

/** `apps`: the ids of its apps, by platform. */
export async function foreignWorld(
  t: TestContext,
  { apps, more = '' }: { apps: Readonly<Record<string, string>>; more?: string },
): Promise<ForeignWorld> {
  const app = await startTestApp(t, { startsAt: new Date() });
  const lines = Object.entries(apps).map(
    ([platform, id]) => `  - { id: ${id}, name: Shop ${platform}, platform: ${platform} }`,
  );
  await app.givenWorkspace(`apps:\n${lines.join('\n')}\n${more}`);
  const folder = temporaryFolder(t);
  const run = commandLine({ DATABASE_URL: app.databaseUrl, CRESSET_SECRET: app.secret });
  return {
    ...app,
    file(name, bytes) {
      writeFileSync(join(folder, name), bytes);
      return join(folder, name);
    },
    import: (...args) => run('users', 'import', ...args),
    async exported(query) {
      const { body } = await app.post('/users/export/ids', query);
      return body.users.map(({ braze_id, ...others }: Record<string, unknown>) => {
        if (braze_id === undefined) throw new Error('an exported person has no braze id');
        return others;
      });
    },
  };
}
