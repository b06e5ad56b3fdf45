import type { FileForm } from './store.ts';

const endings: Readonly<Record<FileForm, string>> = { zip: 'zip', gzip: 'gz' };

/** The address of an export's file. Whoever knows it may read the file. */
export function fileUrl(publicUrl: string, { token, form }: { token: string; form: FileForm }): string {
  return `${publicUrl}/exports/${token}.${endings[form]}`;
}

/** Reads the name of a file in such an address. null: it is no name of ours. */
export function tokenIn(name: string): string | null {
  return /^([0-9a-f]{64})\.(?:zip|gz)$/.exec(name)?.[1] ?? null;
}
