import type { RowReader } from '../columns.ts';
import { fromBraze } from './braze.ts';
import type { ForeignSystem, Translate } from './foreign.ts';
import { fromOneSignal } from './onesignal.ts';
import { fromPinpoint } from './pinpoint.ts';
import { PlainRows } from './plain-rows.ts';

interface System {
  /** How the output calls it. */
  title: string;
  translate: Translate;
  /** The columns that every CSV file of it has. null: it writes none. */
  columns: readonly string[] | null;
}

/** What is read of each system. */
export const systems: Readonly<Record<ForeignSystem, System>> = {
  braze: { title: 'Braze', translate: fromBraze, columns: null },
  onesignal: { title: 'OneSignal', translate: fromOneSignal, columns: ['identifier', 'device_type'] },
  pinpoint: { title: 'Amazon Pinpoint', translate: fromPinpoint, columns: ['ChannelType', 'Address'] },
};

/** Makes the reader of a CSV file's rows from its header. */
export function rowsOf(system: ForeignSystem): (header: readonly string[]) => RowReader {
  return (header) => new PlainRows(header, systems[system].columns ?? []);
}
