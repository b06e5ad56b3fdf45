import { generateKeyPairSync, type KeyObject, randomBytes, sign } from 'node:crypto';
import type { TlsIdentity } from './listen.ts';

// The tags of DER (ITU-T X.690) that a certificate needs.
const SEQUENCE = 0x30;
const SET = 0x31;
const INTEGER = 0x02;
const BIT_STRING = 0x03;
const OCTET_STRING = 0x04;
const OBJECT_ID = 0x06;
const UTF8_STRING = 0x0c;
const GENERALIZED_TIME = 0x18;
const VERSION = 0xa0;
const EXTENSIONS = 0xa3;
const DNS_NAME = 0x82;
const IP_ADDRESS = 0x87;

const ECDSA_WITH_SHA256 = der(SEQUENCE, der(OBJECT_ID, hex('2a8648ce3d040302')));
const COMMON_NAME = der(OBJECT_ID, hex('550403'));
const SUBJECT_ALT_NAME = der(OBJECT_ID, hex('551d11'));

/**
 * Makes a self-signed certificate with a new key, valid for ten years for `localhost` and the loopback addresses. A client
 * trusts it if it is given `cert` as an authority (NODE_EXTRA_CA_CERTS). Source: RFC 5280 §4.1.
 */
export function makeCertificate(now: Date = new Date()): TlsIdentity {
  const pair = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  return certify(pair, pair.privateKey, now);
}

/** Makes a certificate for a new RSA key, signed by a key that is thrown away. */
export function makeRsaCertificate(now: Date = new Date()): TlsIdentity {
  const issuer = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  return certify(generateKeyPairSync('rsa', { modulusLength: 2_048 }), issuer.privateKey, now);
}

function certify({ privateKey, publicKey }: KeyPair, issuer: KeyObject, now: Date): TlsIdentity {
  const name = der(SEQUENCE, der(SET, der(SEQUENCE, COMMON_NAME, der(UTF8_STRING, Buffer.from('cresset simulate')))));
  const names = der(SEQUENCE, der(DNS_NAME, Buffer.from('localhost')), ...loopback.map((ip) => der(IP_ADDRESS, ip)));
  const toBeSigned = der(
    SEQUENCE,
    der(VERSION, der(INTEGER, Buffer.of(2))),
    der(INTEGER, Buffer.concat([Buffer.of(1), randomBytes(15)])),
    ECDSA_WITH_SHA256,
    name,
    der(SEQUENCE, time(now, 0), time(now, 10)),
    name,
    publicKey.export({ type: 'spki', format: 'der' }),
    der(EXTENSIONS, der(SEQUENCE, der(SEQUENCE, SUBJECT_ALT_NAME, der(OCTET_STRING, names)))),
  );
  const signature = der(BIT_STRING, Buffer.of(0), sign('sha256', toBeSigned, issuer));
  const certificate = der(SEQUENCE, toBeSigned, ECDSA_WITH_SHA256, signature).toString('base64');
  const lines = certificate.match(/.{1,64}/g) ?? [];
  return {
    cert: `-----BEGIN CERTIFICATE-----\n${lines.join('\n')}\n-----END CERTIFICATE-----\n`,
    key: privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
  };
}

interface KeyPair {
  privateKey: KeyObject;
  publicKey: KeyObject;
}

const loopback = [Buffer.of(127, 0, 0, 1), Buffer.concat([Buffer.alloc(15), Buffer.of(1)])];

function der(tag: number, ...parts: Buffer[]): Buffer {
  const content = Buffer.concat(parts);
  const { length } = content;
  if (length < 0x80) return Buffer.concat([Buffer.of(tag, length), content]);
  const octets = length < 0x100 ? [0x81, length] : [0x82, length >> 8, length & 0xff];
  return Buffer.concat([Buffer.of(tag, ...octets), content]);
}

function hex(digits: string): Buffer {
  return Buffer.from(digits, 'hex');
}

/** The time `years` from now, minus a day because clocks differ. */
function time(now: Date, years: number): Buffer {
  const at = new Date(now.getTime() - 86_400_000);
  at.setUTCFullYear(at.getUTCFullYear() + years);
  return der(GENERALIZED_TIME, Buffer.from(`${at.toISOString().replace(/[-:T]/g, '').slice(0, 14)}Z`));
}
