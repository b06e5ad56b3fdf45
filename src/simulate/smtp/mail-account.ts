import { generateKeyPairSync, randomBytes } from 'node:crypto';
import { makeRsaCertificate } from '../certificate.ts';

/** The login of the stand-in's relay, and the keys with which its events are signed. */
export interface MailAccount {
  username: string;
  password: string;
  /** The private key as PEM, and the verification key in base64, as SendGrid shows it. */
  sendGridKey: string;
  sendGridPublicKey: string;
  mailgunKey: string;
  /** It begins with `whsec_`. */
  resendSecret: string;
  postmarkPassword: string;
  /** Key and certificate of SNS as PEM, and the topic of SES. */
  snsKey: string;
  snsCertificate: string;
  snsTopic: string;
}

export const POSTMARK_USER = 'postmark';

export function makeMailAccount(): MailAccount {
  const curve = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const sns = makeRsaCertificate();
  return {
    username: 'simulated',
    password: randomBytes(16).toString('hex'),
    sendGridKey: curve.privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
    sendGridPublicKey: curve.publicKey.export({ type: 'spki', format: 'der' }).toString('base64'),
    mailgunKey: `key-${randomBytes(16).toString('hex')}`,
    resendSecret: `whsec_${randomBytes(24).toString('base64')}`,
    postmarkPassword: randomBytes(16).toString('hex'),
    snsKey: sns.key,
    snsCertificate: sns.cert,
    snsTopic: 'arn:aws:sns:eu-west-1:123456789012:simulated-mail',
  };
}
