import { randomBytes } from 'node:crypto';

/** A business number, and the app that sends with it. */
export interface WhatsAppAccount {
  phoneNumberId: string;
  /** In E.164. */
  displayNumber: string;
  businessAccountId: string;
  accessToken: string;
  appSecret: string;
  verifyToken: string;
}

export function makeWhatsAppAccount(): WhatsAppAccount {
  const digits = () => String(100_000_000_000_000 + randomBytes(5).readUIntBE(0, 5));
  return {
    phoneNumberId: digits(),
    displayNumber: '+15550100',
    businessAccountId: digits(),
    accessToken: `EAA${randomBytes(60).toString('base64url')}`,
    appSecret: randomBytes(16).toString('hex'),
    verifyToken: randomBytes(12).toString('base64url'),
  };
}
