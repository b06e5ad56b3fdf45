import type { Logger } from 'pino';
import { AudienceTooExpensive, TOO_EXPENSIVE } from '../audience/time-limit.ts';
import type { Database } from '../db/database.ts';
import { levelOf } from '../db/trouble.ts';
import type { Clock } from '../lib/clock.ts';
import { type ExportField, type ExportForm, exportFields } from '../people/export/export.ts';
import { type Catalog, idKey } from '../workspace/catalog.ts';
import { archive, cut } from './archive.ts';
import { call } from './callback.ts';
import { fileUrl } from './file-url.ts';
import { peopleOf } from './people.ts';
import {
  completeExport,
  failExport,
  failWorn,
  forgetExports,
  type LeasedExport,
  leaseExport,
  setCallback,
  storeChunk,
  takeCallbacks,
} from './store.ts';

/** Interval at which a server looks for exports of others, in milliseconds. Its own wake it. */
const LOOK_EVERY_MS = 5_000;
const CHUNK_BYTES = 262_144;
/** Waits before a callback is tried again, in milliseconds. After the last it is given up. */
const CALLBACK_WAITS_MS = [10_000, 60_000, 600_000];

export interface ExporterOptions {
  db: Database;
  clock: Clock;
  log: Logger;
  catalog(): Catalog;
  /** Reads from the ledger what people received. */
  listReceived: ExportForm['listReceived'];
  /** Base URL of the files. */
  publicUrl: string;
}

export interface Exporter {
  /** Looks for work at once. */
  wake(): void;
  /** Gives back the export in hand, which is begun again elsewhere, and waits for what is in progress. */
  stop(): Promise<void>;
}

class Lost extends Error {}

/** Writes the files of exports, one at a time, and calls back. Any number of servers may do so. */
export function startExporter(options: ExporterOptions): Exporter {
  const { db, clock, log } = options;
  let isStopped = false;
  let isWoken = false;
  let running: Promise<void> | null = null;
  let cancel = clock.after(LOOK_EVERY_MS, look);

  function look(): void {
    if (isStopped) return;
    isWoken = true;
    running ??= work()
      .catch((error: unknown) => {
        isWoken = false;
        log[levelOf(error)]({ err: error }, 'segments could not be exported; trying again');
      })
      .finally(() => {
        running = null;
        cancel();
        if (isStopped) return;
        if (isWoken) look();
        else cancel = clock.after(LOOK_EVERY_MS, look);
      });
  }

  async function work(): Promise<void> {
    while (isWoken && !isStopped) {
      isWoken = false;
      await forgetExports(db, clock.now());
      for (const id of await failWorn(db, clock.now())) log.error({ export: id }, 'an export was given up');
      for (let next = await lease(); next !== null; next = await lease()) await write(next);
      await callBack();
    }
  }

  const lease = () => (isStopped ? Promise.resolve(null) : leaseExport(db, clock.now()));

  async function write(leased: LeasedExport): Promise<void> {
    try {
      await writeFile(options, leased, () => isStopped);
    } catch (error) {
      if (error instanceof Lost) return;
      log.error({ err: error, export: leased.id }, 'a segment could not be exported');
      await failExport(db, leased, error instanceof AudienceTooExpensive ? TOO_EXPENSIVE : 'error', clock.now());
    }
  }

  async function callBack(): Promise<void> {
    const due = await takeCallbacks(db, clock.now(), CALLBACK_WAITS_MS[0] ?? 0);
    await Promise.all(
      due.map(async (callback) => {
        const allow = options.catalog().workspace(callback.workspaceId)?.settings.webhook.allow ?? [];
        const url = callback.isReady ? { url: fileUrl(options.publicUrl, callback) } : {};
        const trouble = await call(callback.url, { success: callback.isReady, ...url }, allow).catch(String);
        const wait = CALLBACK_WAITS_MS[callback.tries - 1];
        const isOver = trouble === null || wait === undefined;
        await setCallback(db, callback.id, isOver ? null : new Date(clock.now().getTime() + wait));
        if (trouble !== null && isOver) log.warn({ export: callback.id, trouble }, 'a callback was given up');
      }),
    );
  }

  return {
    wake: look,
    async stop() {
      isStopped = true;
      cancel();
      await running;
    },
  };
}

/** Throws Lost when the export is no longer this server's. */
async function writeFile(
  { db, clock, catalog, listReceived }: ExporterOptions,
  leased: LeasedExport,
  isStopped: () => boolean,
): Promise<void> {
  const workspace = catalog().workspace(leased.workspaceId);
  const segment = workspace?.segments.get(idKey(leased.segmentId));
  if (workspace === undefined || segment === undefined) {
    await failExport(db, leased, 'the segment is gone', clock.now());
    return;
  }
  const { fields, customAttributes, form, prefix } = leased.parts;
  const wanted = new Set<ExportField>(exportFields.filter((field) => fields.includes(field)));
  if (customAttributes !== null) wanted.add('custom_attributes');
  let people = 0;
  const source = peopleOf(db, segment, {
    ...{ workspace, listReceived, now: leased.createdAt, fields: wanted },
    ...(customAttributes !== null && { customAttributes: new Set(customAttributes) }),
  });
  async function* counted(): AsyncGenerator<string> {
    for await (const line of source) {
      if (isStopped()) throw new Lost();
      people += 1;
      yield line;
    }
  }
  let [number, bytes] = [0, 0];
  for await (const chunk of cut(archive(counted(), { form, prefix }), CHUNK_BYTES)) {
    if (!(await storeChunk(db, leased, { number, bytes: chunk, now: clock.now() }))) throw new Lost();
    number += 1;
    bytes += chunk.length;
  }
  await completeExport(db, leased, { people, bytes, now: clock.now() });
}
