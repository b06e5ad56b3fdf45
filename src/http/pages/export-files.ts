import { Readable } from 'node:stream';
import type { Database } from '../../db/database.ts';
import { tokenIn } from '../../exports/file-url.ts';
import { findFile, readFile } from '../../exports/store.ts';
import type { Clock } from '../../lib/clock.ts';
import type { Page, PageAnswer } from '../page.ts';

const types = { zip: 'application/zip', gzip: 'application/gzip' } as const;

/**
 * The files of exports. Their addresses are secrets, as those of the original's storage are: 403 until the file is ready,
 * then the file, and 404 once its time is over. Source: more-endpoints.md §4.1.
 */
export function exportFilePage({ db, clock }: { db: Database; clock: Clock }): Page {
  return {
    method: 'GET',
    path: '/exports/:file',
    headers: { 'cache-control': 'no-store', 'referrer-policy': 'no-referrer', 'x-robots-tag': 'noindex' },
    async handle({ params }) {
      const token = tokenIn(params.file ?? '');
      const file = token === null ? null : await findFile(db, token, clock.now());
      if (file === null) return said(404, 'There is no such export, or its time is over.');
      if (file.state === 'running') return said(403, 'The export is not ready yet.');
      if (file.state !== 'ready') return said(404, `The export was ${file.state}.`);
      return {
        status: 200,
        type: types[file.form],
        body: Readable.from(readFile(db, file)),
        headers: { 'content-length': String(file.sizeBytes) },
      };
    },
  };
}

function said(status: number, message: string): PageAnswer {
  return { status, type: 'application/json', body: JSON.stringify({ message }) };
}
