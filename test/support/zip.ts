import yazl from 'yazl';

/** A file of an archive: its name, its bytes and, for Unix systems, its mode. A name that ends in a slash is a folder. */
export type Zipped = [name: string, bytes: Buffer | string, mode?: number];

/** Packs files into a zip. */
export async function zipOf(...files: Zipped[]): Promise<Buffer> {
  const zip = new yazl.ZipFile();
  for (const [name, bytes, mode = 0o100644] of files) {
    if (name.endsWith('/')) zip.addEmptyDirectory(name);
    else zip.addBuffer(Buffer.from(bytes), name, { mode, mtime: new Date(0) });
  }
  zip.end();
  const parts: Buffer[] = [];
  for await (const part of zip.outputStream as AsyncIterable<Buffer>) parts.push(part);
  return Buffer.concat(parts);
}

/** The place of the first entry of the directory at the end, for a test that makes it lie. */
export function directoryOf(zip: Buffer): number {
  return zip.indexOf(Buffer.from('504b0102', 'hex'));
}

/** The same zip with another name of the same length, which a packing program would not write. */
export function renamed(zip: Buffer, from: string, to: string): Buffer {
  return Buffer.from(zip.toString('latin1').replaceAll(from, to), 'latin1');
}
