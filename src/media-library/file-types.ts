/** A kind of file that the library takes. */
export interface FileType {
  extension: string;
  /** The media type with which it is served. */
  type: `image/${string}` | `application/${string}`;
  /** Whether a browser may show it. The others are downloads, because they may hold scripts. */
  isShown: boolean;
}

const shown = (extension: string, type: FileType['type']): FileType => ({ extension, type, isShown: true });
const office = 'application/vnd.openxmlformats-officedocument';

const fileTypes: readonly FileType[] = [
  ...[shown('png', 'image/png'), shown('jpg', 'image/jpeg'), shown('jpeg', 'image/jpeg'), shown('gif', 'image/gif')],
  ...[shown('webp', 'image/webp'), shown('ico', 'image/x-icon')],
  { extension: 'svg', type: 'image/svg+xml', isShown: false },
  { extension: 'pdf', type: 'application/pdf', isShown: false },
  { extension: 'docx', type: `${office}.wordprocessingml.document`, isShown: false },
  { extension: 'xlsx', type: `${office}.spreadsheetml.sheet`, isShown: false },
  { extension: 'pptx', type: `${office}.presentationml.presentation`, isShown: false },
  { extension: 'doc', type: 'application/msword', isShown: false },
  { extension: 'xls', type: 'application/vnd.ms-excel', isShown: false },
  { extension: 'ppt', type: 'application/vnd.ms-powerpoint', isShown: false },
];

export function fileTypeOf(extension: string): FileType | null {
  return fileTypes.find((one) => one.extension === extension) ?? null;
}

/** What kind of file the bytes are, whatever their name says. null: none that the library takes. */
export function detectFileType(bytes: Buffer, fileName: string): FileType | null {
  const given = /\.([a-z]{3,4})$/i.exec(fileName)?.[1]?.toLowerCase() ?? '';
  const extension = extensionOf(bytes, given);
  return extension === null ? null : fileTypeOf(extension);
}

function extensionOf(bytes: Buffer, given: string): string | null {
  const starts = (hex: string, at = 0) => bytes.subarray(at, at + hex.length / 2).toString('hex') === hex;
  if (starts('89504e470d0a1a0a')) return 'png';
  if (starts('ffd8ff')) return given === 'jpeg' ? 'jpeg' : 'jpg';
  if (starts('474946383761') || starts('474946383961')) return 'gif';
  if (starts('52494646') && starts('57454250', 8)) return 'webp';
  if (starts('00000100')) return 'ico';
  if (starts('255044462d')) return 'pdf';
  if (starts(ZIP)) return officeExtensionOf(bytes);
  if (starts('d0cf11e0a1b11ae1')) return ['doc', 'xls', 'ppt'].includes(given) ? given : null;
  return isSvg(bytes) ? 'svg' : null;
}

/** Whether the bytes are a zip, and no document of an office program, which is one as well. */
export function isArchive(bytes: Buffer): boolean {
  const start = bytes.subarray(0, 4).toString('hex');
  return start === EMPTY_ZIP || (start === ZIP && officeExtensionOf(bytes) === null);
}

const ZIP = '504b0304';
const EMPTY_ZIP = '504b0506';
/** An end of the directory has 22 bytes and a comment of at most 65,535. */
const LONGEST_END = 65_557;

/** Looks in the directory at the end only, where names stand as they are: a file within may be a document, too. */
function officeExtensionOf(bytes: Buffer): string | null {
  const tail = bytes.subarray(-LONGEST_END);
  const end = tail.lastIndexOf(Buffer.from(EMPTY_ZIP, 'hex'));
  if (end === -1 || end + 20 > tail.length) return null;
  const [size, at] = [tail.readUInt32LE(end + 12), tail.readUInt32LE(end + 16)];
  const directory = bytes.subarray(at, at + size);
  if (!directory.includes('[Content_Types].xml')) return null;
  const parts = { docx: 'word/document.xml', xlsx: 'xl/workbook.xml', pptx: 'ppt/presentation.xml' };
  return Object.entries(parts).find(([, part]) => directory.includes(part))?.[0] ?? null;
}

/** Characters before the root element in which declarations and comments may stand. */
const LONGEST_PROLOGUE = 4_096;

function isSvg(bytes: Buffer): boolean {
  let rest = bytes
    .subarray(0, LONGEST_PROLOGUE)
    .toString('utf8')
    .replace(/^\uFEFF/, '')
    .trimStart();
  for (;;) {
    const end = rest.startsWith('<!--') ? '-->' : /^<[?!]/.test(rest) ? '>' : null;
    if (end === null) return /^<svg[\s>/]/.test(rest);
    const at = rest.indexOf(end);
    if (at === -1) return false;
    rest = rest.slice(at + end.length).trimStart();
  }
}
