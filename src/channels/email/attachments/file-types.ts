/** Extensions that a mail may carry, and the media type of each. Source: messaging-objects.md §6.4; IANA, "Media Types". */
const types: ReadonlyMap<string, string> = new Map(
  Object.entries({
    txt: 'text/plain',
    csv: 'text/csv',
    log: 'text/plain',
    css: 'text/css',
    ics: 'text/calendar',
    jpg: 'image/jpeg',
    jpe: 'image/jpeg',
    jpeg: 'image/jpeg',
    gif: 'image/gif',
    png: 'image/png',
    bmp: 'image/bmp',
    psd: 'image/vnd.adobe.photoshop',
    tif: 'image/tiff',
    tiff: 'image/tiff',
    svg: 'image/svg+xml',
    indd: 'application/x-indesign',
    ai: 'application/postscript',
    eps: 'application/postscript',
    doc: 'application/msword',
    docx: 'application/vnd.openxmlformats-officedocument.wordprocessingml.document',
    rtf: 'application/rtf',
    odt: 'application/vnd.oasis.opendocument.text',
    ott: 'application/vnd.oasis.opendocument.text-template',
    pdf: 'application/pdf',
    pub: 'application/x-mspublisher',
    pages: 'application/vnd.apple.pages',
    mobi: 'application/x-mobipocket-ebook',
    epub: 'application/epub+zip',
    mp3: 'audio/mpeg',
    m4a: 'audio/mp4',
    m4v: 'video/x-m4v',
    wma: 'audio/x-ms-wma',
    ogg: 'audio/ogg',
    flac: 'audio/flac',
    wav: 'audio/wav',
    aif: 'audio/aiff',
    aifc: 'audio/aiff',
    aiff: 'audio/aiff',
    mp4: 'video/mp4',
    mov: 'video/quicktime',
    avi: 'video/x-msvideo',
    mkv: 'video/x-matroska',
    mpeg: 'video/mpeg',
    mpg: 'video/mpeg',
    wmv: 'video/x-ms-wmv',
    xls: 'application/vnd.ms-excel',
    xlsx: 'application/vnd.openxmlformats-officedocument.spreadsheetml.sheet',
    ods: 'application/vnd.oasis.opendocument.spreadsheet',
    numbers: 'application/vnd.apple.numbers',
    odp: 'application/vnd.oasis.opendocument.presentation',
    ppt: 'application/vnd.ms-powerpoint',
    pptx: 'application/vnd.openxmlformats-officedocument.presentationml.presentation',
    pps: 'application/vnd.ms-powerpoint',
    key: 'application/vnd.apple.keynote',
    zip: 'application/zip',
    vcf: 'text/vcard',
    pkpass: 'application/vnd.apple.pkpass',
  }),
);

/** Media types that servers use for the same files. */
const otherTypes: ReadonlyMap<string, string> = new Map([
  ...[...types].reverse().map(([extension, type]): [string, string] => [type, extension]),
  ['image/jpeg', 'jpg'],
  ['image/jpg', 'jpg'],
  ['text/plain', 'txt'],
  ['text/x-vcard', 'vcf'],
  ['audio/x-wav', 'wav'],
  ['audio/mp3', 'mp3'],
  ['application/csv', 'csv'],
  ['application/x-pdf', 'pdf'],
  ['application/x-zip-compressed', 'zip'],
  ['text/rtf', 'rtf'],
]);

/**
 * The extension of a file: that of the URL's path, or else that of the answer's media type. null: a mail may not carry
 * such a file.
 */
export function extensionOf(url: URL, contentType: string | undefined): string | null {
  const inPath = /\.([a-z\d]{1,10})$/i.exec(url.pathname)?.[1]?.toLowerCase();
  if (inPath !== undefined && types.has(inPath)) return inPath;
  const type = contentType?.split(';')[0]?.trim().toLowerCase() ?? '';
  return otherTypes.get(type) ?? null;
}

export function mediaTypeOf(extension: string): string {
  return types.get(extension) ?? 'application/octet-stream';
}

/** The name as the recipient sees it: with the extension, once, and without folders. */
export function fullName(fileName: string, extension: string): string {
  const name = fileName.trim().replace(/[/\\]/g, '_');
  return name.toLowerCase().endsWith(`.${extension}`) ? name : `${name}.${extension}`;
}
