import { hash } from 'node:crypto';
import type { SmtpRelay } from '../../channels/email/settings.ts';
import type { App, Catalog, WorkspaceCatalog } from '../../workspace/catalog.ts';

/** What is paused: the queue of an app, by its id, or a mail relay, by its name. */
export type Subject = `app ${string}` | `relay ${string}`;

export function appSubject(appId: string): Subject {
  return `app ${appId}`;
}

export function relaySubject(name: string): Subject {
  return `relay ${name}`;
}

/** null: the subject is no app. */
export function appIdOf(subject: Subject): string | null {
  return /^app (.*)$/s.exec(subject)?.[1] ?? null;
}

/**
 * What a dispatch waits for while a subject is paused: its app, or any of the workspace's relays, because one that works
 * is enough.
 */
export function waitFor(subject: Subject): string {
  return subject.startsWith('relay ') ? 'relays' : subject;
}

export function relayOf(workspace: WorkspaceCatalog | undefined, subject: Subject): SmtpRelay | undefined {
  return workspace?.settings.email.smtp?.find(({ name }) => relaySubject(name) === subject);
}

export function digestOfApp({ provider }: App): string {
  return digest(provider ?? null);
}

export function digestOfRelay({ url }: Pick<SmtpRelay, 'url'>): string {
  return digest(url);
}

/** The digest of the subject's present settings. null: there is no such subject any more. */
export function digestNow(catalog: Catalog, workspaceId: number, subject: Subject): string | null {
  const workspace = catalog.workspace(workspaceId);
  const relay = relayOf(workspace, subject);
  if (relay !== undefined) return digestOfRelay(relay);
  const app = workspace?.apps.get(appIdOf(subject) ?? '');
  return app === undefined ? null : digestOfApp(app);
}

function digest(settings: unknown): string {
  return hash('sha256', JSON.stringify(settings), 'hex').slice(0, 32);
}
