import { type ReactNode, useState } from 'react';
import { channelName } from '../../lib/say.ts';
import { Picture } from './picture.tsx';

export interface OutboxMessage {
  channel: string;
  address: string | null;
  message: Readonly<Record<string, unknown>>;
  delivered_at: string;
}

interface FrameProps {
  message: OutboxMessage;
  /** Where the mail is as a document of its own. null: it is not sent, so it has none. */
  mailUrl: string | null;
  isChosen: boolean;
  onChoose: () => void;
}

/** A message as its person would see it. Its raw form stands beside it once it is chosen. */
export function Frame(props: FrameProps) {
  const { message, isChosen, onChoose } = props;
  return (
    <article className={`frame${isChosen ? ' sel' : ''}`} aria-label={channelName(message.channel)}>
      <div className="fh">
        <b>{channelName(message.channel)}</b>
        {message.address !== null && <span className="ell">to {message.address}</span>}
        <button type="button" className="linkbtn endbtn" onClick={onChoose}>
          Raw
        </button>
      </div>
      <Inside {...props} />
    </article>
  );
}

function Inside({ message: { channel, message }, mailUrl }: FrameProps): ReactNode {
  if (channel === 'email') return <Mail message={message} url={mailUrl} />;
  if (channel === 'webhook') return <Webhook message={message} />;
  if (channel.endsWith('_push')) return <Push channel={channel} message={message} />;
  if (channel === 'sms' || channel === 'whats_app') return <Bubble message={message} />;
  return <Card message={message} />;
}

function textOf(value: unknown): string {
  return typeof value === 'string' ? value : '';
}

/** The mail has no right at all. Links open outside. Remote content is off; what was chosen is not remembered. */
function Mail({ message, url }: { message: OutboxMessage['message']; url: string | null }) {
  const [shown, setShown] = useState<'html' | 'text' | 'source' | 'headers'>('html');
  const [isRemote, setRemote] = useState(false);
  const html = textOf(message.html);
  const remote = remoteIn(html);
  const headers = {
    from: message.from,
    reply_to: message.reply_to,
    ...Object(message.headers),
    list_unsubscribe: message.unsubscribe_url,
  };
  return (
    <>
      <dl className="mailhead">
        <dt>From</dt>
        <dd>{textOf(message.from)}</dd>
        <dt>Subject</dt>
        <dd className="subj">{textOf(message.subject)}</dd>
      </dl>
      <div className="row wrap pad">
        <div className="seg">
          {(['html', 'text', 'source', 'headers'] as const).map((one) => (
            <button key={one} type="button" aria-pressed={shown === one} onClick={() => setShown(one)}>
              {one}
            </button>
          ))}
        </div>
        <span className="sm mut2">{new Blob([html]).size.toLocaleString('en')} bytes; Gmail cuts at 102 KB</span>
      </div>
      {remote > 0 && shown === 'html' && (
        <div className="blocked">
          <span className="grow">
            {isRemote
              ? 'Content from outside is loaded in this browser.'
              : `${remote} ${remote === 1 ? 'thing' : 'things'} from outside not loaded. The sender’s server would see this browser.`}
          </span>
          {!isRemote && (
            <button type="button" className="linkbtn" onClick={() => setRemote(true)}>
              Load them this once
            </button>
          )}
        </div>
      )}
      {shown === 'html' && url === null && <Picture html={html} isRemote={isRemote} />}
      {shown === 'html' && url !== null && (
        <iframe
          title="The mail"
          src={isRemote ? `${url}?remote=1` : url}
          sandbox="allow-popups allow-popups-to-escape-sandbox"
          referrerPolicy="no-referrer"
        />
      )}
      {shown === 'text' && <pre className="json raw1 pad">{textOf(message.plaintext)}</pre>}
      {shown === 'source' && <pre className="json raw1 pad">{html}</pre>}
      {shown === 'headers' && <pre className="json raw1 pad">{JSON.stringify(headers, null, 2)}</pre>}
    </>
  );
}

/** How much of a mail would come from outside. A count for the reader; what keeps it out is the policy of the frame. */
function remoteIn(html: string): number {
  return (html.match(/(?:\bsrc\s*=\s*["']?|url\(\s*["']?|<link[^>]+href\s*=\s*["']?)https?:/gi) ?? []).length;
}

/** Characters that the lock screen of a platform shows of the body, about. */
const CUT: Readonly<Record<string, number>> = { apple_push: 178, android_push: 240, kindle_push: 240, web_push: 120 };

function Push({ channel, message }: { channel: string; message: OutboxMessage['message'] }) {
  const title = textOf(message.title);
  const body = textOf(message.body);
  const most = CUT[channel] ?? body.length;
  return (
    <div className="phone">
      <div className="push">
        <span className="ic" aria-hidden="true">
          {(title || body).slice(0, 1).toUpperCase()}
        </span>
        <div>
          <div className="hd">
            {title || 'no title'} <span>now</span>
          </div>
          {body.slice(0, most)}
          {body.length > most && <span className="mut">… cut here: {body.slice(most)}</span>}
        </div>
      </div>
    </div>
  );
}

function Bubble({ message }: { message: OutboxMessage['message'] }) {
  const segments = Object(message.segments) as { count?: number; encoding?: string };
  const body = textOf(message.body) || JSON.stringify(message, null, 2);
  return (
    <div className="phone">
      <div className="bub">{body}</div>
      {segments.count !== undefined && (
        <p className="sm mut2 bubnote">
          {segments.count} {segments.count === 1 ? 'part' : 'parts'}, {segments.encoding}
        </p>
      )}
    </div>
  );
}

function Webhook({ message }: { message: OutboxMessage['message'] }) {
  const headers = Object.entries(Object(message.headers) as Record<string, string>);
  const lines = [
    `${textOf(message.method)} ${textOf(message.url)}`,
    ...headers.map(([name, value]) => `${name}: ${value}`),
  ];
  return <pre className="json raw1 pad">{[...lines, '', textOf(message.body)].join('\n')}</pre>;
}

function Card({ message }: { message: OutboxMessage['message'] }) {
  const title = textOf(message.title);
  const text = textOf(message.description) || textOf(message.body);
  if (title === '' && text === '') return <pre className="json raw1 pad">{JSON.stringify(message, null, 2)}</pre>;
  return (
    <div className="phone">
      <div className="bub">
        <b>{title}</b>
        <br />
        {text}
      </div>
    </div>
  );
}
