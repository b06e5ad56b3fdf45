/** A message that passed the checks. */
export interface TwilioMessage {
  sid: string;
  to: string;
  /** null: a messaging service chooses the sender. */
  from: string | null;
  messagingServiceSid: string | null;
  body: string;
  mediaUrls: readonly string[];
  isSmartEncoded: boolean;
  statusCallback: string | null;
}

/** The senders of the account. */
export interface TwilioSenders {
  from: string;
  messagingServiceSid: string;
}

const MAX_CHARACTERS = 1_600;
const MOST_MEDIA = 10;

/** Checks the form as Twilio does. Returns the message, or the code of the first error. */
export function readMessage(form: URLSearchParams, senders: TwilioSenders, sid: string): TwilioMessage | string {
  const to = form.get('To') ?? '';
  const [from, messagingServiceSid] = [form.get('From'), form.get('MessagingServiceSid')];
  const body = form.get('Body') ?? '';
  const mediaUrls = form.getAll('MediaUrl');
  const statusCallback = form.get('StatusCallback');
  if (to === '') return '21604';
  if (!/^\+[1-9]\d{6,14}$/.test(to)) return '21211';
  if (from === null && messagingServiceSid === null) return '21603';
  if (from !== null && from !== senders.from) return '21606';
  if (messagingServiceSid !== null && messagingServiceSid !== senders.messagingServiceSid) return '21606';
  if (body === '' && mediaUrls.length === 0) return '21602';
  if (body.length > MAX_CHARACTERS) return '21617';
  if (mediaUrls.length > MOST_MEDIA) return '21623';
  if (!mediaUrls.every(isWebUrl)) return '21620';
  if (statusCallback !== null && !(isWebUrl(statusCallback) && statusCallback.length <= 4_000)) return '21609';
  const isSmartEncoded = form.get('SmartEncoded') === 'true';
  return { sid, to, from, messagingServiceSid, body, mediaUrls, isSmartEncoded, statusCallback };
}

function isWebUrl(text: string): boolean {
  return URL.canParse(text) && /^https?:$/.test(new URL(text).protocol);
}
