import assert from 'node:assert/strict';
import test from 'node:test';
import { extensionOf, fullName, mediaTypeOf } from './file-types.ts';

const table: [url: string, contentType: string | undefined, fileName: string, name: string | null, type?: string][] = [
  ['https://files.example.com/d.pdf?sig=a.b', 'application/pdf', 'invoice', 'invoice.pdf', 'application/pdf'],
  ['https://files.example.com/d.PDF', undefined, 'invoice', 'invoice.pdf', 'application/pdf'],
  ['https://files.example.com/d.pdf', 'application/pdf', 'Invoice.PDF', 'Invoice.PDF', 'application/pdf'],
  ['https://files.example.com/d', 'application/pdf; charset=binary', 'invoice', 'invoice.pdf', 'application/pdf'],
  ['https://files.example.com/d.php', 'text/csv', 'list', 'list.csv', 'text/csv'],
  ['https://files.example.com/photo', 'image/jpeg', 'me', 'me.jpg', 'image/jpeg'],
  ['https://files.example.com/notes', 'text/plain', 'a.b', 'a.b.txt', 'text/plain'],
  ['https://files.example.com/x.exe', 'application/octet-stream', 'x', null],
  ['https://files.example.com/x', 'text/html', 'x', null],
  ['https://files.example.com/x', undefined, 'x', null],
  ['https://files.example.com/d.ics', undefined, '../../etc/passwd', '.._.._etc_passwd.ics', 'text/calendar'],
];
for (const [url, contentType, fileName, name, type] of table)
  test(`${fileName} at ${url} (${contentType ?? 'no type'}) is ${name ?? 'refused'}`, () => {
    const extension = extensionOf(new URL(url), contentType);
    assert.equal(extension === null ? null : fullName(fileName, extension), name);
    if (extension !== null) assert.equal(mediaTypeOf(extension), type);
  });
