import { useState } from 'react';
import { isObject } from '../../lib/document.ts';
import { Frame } from '../outbox/frames.tsx';
import type { Sample } from './run.ts';

/** A message as its person would see it, and as it is. */
export function OneMessage({ sample }: { sample: Sample }) {
  const [isRaw, setRaw] = useState(false);
  if (sample.channel === 'email') return <MailSample sample={sample} />;
  return (
    <>
      <Frame message={{ ...sample, delivered_at: '' }} mailUrl="" isChosen={isRaw} onChoose={() => setRaw(!isRaw)} />
      {isRaw && <pre className="json raw1">{JSON.stringify(sample.message, null, 2)}</pre>}
    </>
  );
}

/** A mail as text and as source. Its picture needs an address of its own, which only a sent one has, in the outbox. */
function MailSample({ sample: { message, address } }: { sample: Sample }) {
  const [shown, setShown] = useState<'text' | 'source'>('text');
  const { subject, from, plaintext, html } = isObject(message) ? message : {};
  return (
    <article className="frame" aria-label="Email">
      <dl className="mailhead">
        <dt>From</dt>
        <dd>{String(from ?? '')}</dd>
        <dt>To</dt>
        <dd>{address}</dd>
        <dt>Subject</dt>
        <dd className="subj">{String(subject ?? '')}</dd>
      </dl>
      <div className="row wrap pad">
        <div className="seg">
          {(['text', 'source'] as const).map((one) => (
            <button key={one} type="button" aria-pressed={shown === one} onClick={() => setShown(one)}>
              {one}
            </button>
          ))}
        </div>
      </div>
      <pre className="json raw1 pad">{String((shown === 'text' ? plaintext : html) ?? '')}</pre>
    </article>
  );
}
