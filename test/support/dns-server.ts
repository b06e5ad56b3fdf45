import { createSocket } from 'node:dgram';
import type { AddressInfo } from 'node:net';
import type { TestContext } from 'node:test';

/** The records of a name. A name without an entry does not exist. */
export interface DnsRecords {
  txt?: readonly string[];
  /** Host names, in order of preference. */
  mx?: readonly string[];
  /** IPv4 addresses. */
  a?: readonly string[];
}

export interface DnsServer {
  /** `127.0.0.1:port`. */
  address: string;
  /** May be changed. */
  records: Map<string, DnsRecords>;
  /** True: it answers everything with SERVFAIL. */
  isBroken: boolean;
}

const types = { a: 1, mx: 15, txt: 16 } as const;
const NO_SUCH_NAME = 3;
const SERVER_FAILURE = 2;

/** A name server on this machine that knows only the records that a test gives it. */
export async function startDnsServer(t: TestContext): Promise<DnsServer> {
  const socket = createSocket('udp4');
  const state: DnsServer = { address: '', records: new Map(), isBroken: false };
  socket.on('message', (question, from) => socket.send(answerTo(question, state), from.port, from.address));
  await new Promise<void>((ready) => socket.bind(0, '127.0.0.1', ready));
  t.after(() => new Promise<void>((closed) => socket.close(closed)));
  state.address = `127.0.0.1:${(socket.address() as AddressInfo).port}`;
  return state;
}

/** Source: RFC 1035 §4.1. */
function answerTo(question: Buffer, { records, isBroken }: DnsServer): Buffer {
  const { name, type, end } = readQuestion(question);
  const found = records.get(name);
  const answers = isBroken || found === undefined ? [] : answersOf(found, type);
  const code = isBroken ? SERVER_FAILURE : found === undefined ? NO_SUCH_NAME : 0;
  const head = Buffer.alloc(12);
  question.copy(head, 0, 0, 2);
  head.writeUInt16BE(0x8580 | code, 2); // an authoritative answer, recursion asked for and available
  head.writeUInt16BE(1, 4);
  head.writeUInt16BE(answers.length, 6);
  return Buffer.concat([head, question.subarray(12, end), ...answers]);
}

function readQuestion(question: Buffer): { name: string; type: number; end: number } {
  const labels: string[] = [];
  let at = 12;
  for (let length = question[at] ?? 0; length > 0; length = question[at] ?? 0) {
    labels.push(question.toString('latin1', at + 1, at + 1 + length).toLowerCase());
    at += 1 + length;
  }
  return { name: labels.join('.'), type: question.readUInt16BE(at + 1), end: at + 5 };
}

function answersOf({ txt = [], mx = [], a = [] }: DnsRecords, type: number): Buffer[] {
  if (type === types.txt) return txt.map((text) => record(type, Buffer.concat(stringsOf(text))));
  if (type === types.a) return a.map((address) => record(type, Buffer.from(address.split('.').map(Number))));
  if (type === types.mx)
    return mx.map((host, at) => record(type, Buffer.concat([Buffer.from([0, 10 + at]), encodedName(host)])));
  return [];
}

/** A TXT record's text in pieces of at most 255 bytes. */
function stringsOf(text: string): Buffer[] {
  const pieces = text.match(/.{1,255}/g) ?? [''];
  return pieces.map((piece) => Buffer.concat([Buffer.from([piece.length]), Buffer.from(piece, 'latin1')]));
}

function encodedName(name: string): Buffer {
  const labels = name.split('.').filter((label) => label !== '');
  return Buffer.concat([
    ...labels.map((label) => Buffer.from(`${String.fromCharCode(label.length)}${label}`)),
    Buffer.from([0]),
  ]);
}

function record(type: number, data: Buffer): Buffer {
  const head = Buffer.alloc(12);
  head.writeUInt16BE(0xc00c, 0); // the name of the question
  head.writeUInt16BE(type, 2);
  head.writeUInt16BE(1, 4);
  head.writeUInt32BE(60, 6);
  head.writeUInt16BE(data.length, 10);
  return Buffer.concat([head, data]);
}
