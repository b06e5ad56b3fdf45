import { createPublicKey } from 'node:crypto';
import { checked, list, matching, maybe, object, type Read, required, text } from '../../lib/raw/shape.ts';
import { keyText } from '../setting-shapes.ts';

const topicArn = matching(
  /^arn:aws(-cn|-us-gov)?:sns:[a-z0-9-]{1,32}:\d{12}:[\w-]{1,256}(\.fifo)?$/,
  'the ARN of an SNS topic such as arn:aws:sns:eu-west-1:123456789012:mail',
);

/** A password long enough that nobody guesses it, because it is the only proof that a service gives. */
const password = checked(text(), (value) => (value.length >= 16 ? null : 'expected at least 16 characters'));

const svixSecret = checked(text(), (value) =>
  /^whsec_[A-Za-z0-9+/]{16,}={0,2}$/.test(value) ? null : 'expected the signing secret, which begins with whsec_',
);

/** The section `email.events` of the workspace file: the services whose webhooks are taken in. */
export const eventSection = object({
  ses: maybe(object({ topics: required(list(topicArn, 100)) })),
  sendgrid: maybe(object({ public_key: required(keyText(verificationKeyProblem)) })),
  postmark: maybe(
    object({
      username: required(checked(text(), (value) => (value.includes(':') ? 'must not hold a colon' : null))),
      password: required(password),
    }),
  ),
  mailgun: maybe(object({ signing_key: required(text()) })),
  resend: maybe(object({ secret: required(svixSecret) })),
});

export type EmailEventSettings = Readonly<Read<typeof eventSection>>;
export type EmailEventSource = keyof EmailEventSettings;

/** SendGrid shows its key as one line of base64, without the marks of PEM. */
export function verificationKey(base64: string): ReturnType<typeof createPublicKey> {
  return createPublicKey({ key: Buffer.from(base64, 'base64'), format: 'der', type: 'spki' });
}

function verificationKeyProblem(value: string): string | null {
  try {
    const { asymmetricKeyType, asymmetricKeyDetails } = verificationKey(value);
    if (asymmetricKeyType === 'ec' && asymmetricKeyDetails?.namedCurve === 'prime256v1') return null;
  } catch {
    return 'expected the verification key that SendGrid shows, in base64';
  }
  return 'expected a key on the curve P-256';
}
