import type { Outcome } from '../outcome.ts';
import { reachedNobody } from '../reached-nobody.ts';

const deadAddress = new Set(['5.1.1', '5.1.2', '5.1.3', '5.1.6', '5.1.10', '5.2.1']);

/** What nodemailer throws → what it means. Source: messaging-objects.md 6.7. The relay's words are not kept: they may quote the mail. */
export function readFailure(error: unknown): Outcome {
  const { code = '', command = '', responseCode, response = '' } = read(error);
  if (code === 'EAUTH' || code === 'ETLS' || responseCode === 530 || responseCode === 535) {
    return { kind: 'config_error', reason: `${responseCode ?? code}` };
  }
  if (responseCode === undefined) {
    const reason = code === '' ? 'connection lost' : code;
    return { kind: 'retry', reason, ...(!reachedNobody(error) && { isUnclear: true }) };
  }
  const enhanced = /^\d{3}[ -](\d\.\d{1,3}\.\d{1,3})\b/.exec(response)?.[1];
  const reason = enhanced === undefined ? String(responseCode) : `${responseCode} ${enhanced}`;
  if (responseCode < 500 || enhanced?.startsWith('4.')) return { kind: 'retry', reason };
  if (command === 'MAIL FROM') return { kind: 'config_error', reason };
  if (enhanced === '5.2.2' || (enhanced === undefined && responseCode === 552)) return { kind: 'retry', reason };
  const isDead =
    enhanced === undefined
      ? command === 'RCPT TO' && [550, 551, 553].includes(responseCode)
      : deadAddress.has(enhanced);
  return isDead ? { kind: 'bounced', reason } : { kind: 'failed', reason };
}

interface SmtpError {
  code?: string;
  command?: string;
  responseCode?: number;
  response?: string;
}

function read(error: unknown): SmtpError {
  return typeof error === 'object' && error !== null ? (error as SmtpError) : {};
}
