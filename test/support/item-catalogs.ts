import { startTestApp, type TestApp } from './app.ts';

export type Method = 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';

/** Requests of one test may be more than a minute's. */
export const unlimitedCatalogs = `
rate_limits: { catalogs_sync: 1000000, catalogs_items_sync: 1000000, catalogs_items_async: 1000000, catalogs_fields_selections: 1000000 }
`;

export function send(app: TestApp, method: Method, path: string, body?: unknown) {
  if (method === 'GET') return app.get(path);
  return method === 'POST' ? app.post(path, body) : app.call(method, path, body);
}

/** Answers in short: the status, and the ids of the errors or the message. */
export async function outcome(app: TestApp, method: Method, path: string, body?: unknown): Promise<string> {
  const { status, body: answer } = await send(app, method, path, body);
  const ids = Array.isArray(answer.errors) ? answer.errors.map((error: { id?: string }) => error.id ?? error) : [];
  return [status, ...(ids.length > 0 ? ids : [answer.message])].join(' ');
}

export interface FieldSpec {
  name: string;
  type: string;
}

export async function givenCatalog(app: TestApp, name: string, fields: readonly FieldSpec[]): Promise<void> {
  const all = [{ name: 'id', type: 'string' }, ...fields];
  const { status, body } = await app.post('/catalogs', { catalogs: [{ name, description: '', fields: all }] });
  if (status !== 201) throw new Error(JSON.stringify(body));
}

export async function startCatalogsApp(...[t, options]: Parameters<typeof startTestApp>): Promise<TestApp> {
  const app = await startTestApp(t, { worker: false, ...options });
  await app.givenWorkspace(unlimitedCatalogs);
  return app;
}
