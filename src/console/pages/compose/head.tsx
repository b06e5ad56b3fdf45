import { type ReactNode, useRef } from 'react';
import { isObject, type Json } from '../../lib/document.ts';
import { timeOf } from '../../lib/say.ts';
import { Command } from '../../parts/copy.tsx';
import { Icon } from '../../parts/icon.tsx';
import { asTest } from './as-test.ts';
import type { Offer } from './channels.ts';
import { Seeds } from './seeds.tsx';

interface HeadProps {
  /** When the draft was kept, in milliseconds. null: it is not. */
  at: number | null;
  text: string;
  /** null: the JSON is not complete. */
  body: Json | null;
  offer: Offer;
  /** Name of the operator. */
  name: string;
  url: string;
  restart(): void;
}

/** The title, and the document in other forms: for a few people, by curl, as a test. */
export function Head({ at, text, body, offer, name, url, restart }: HeadProps) {
  const curl = [
    `curl ${url.replace(/\/$/, '')}/messages/send \\`,
    "  -H 'Authorization: Bearer YOUR_API_KEY' -H 'Content-Type: application/json' \\",
    `  -d '${text.replaceAll("'", "'\\''")}'`,
  ].join('\n');
  const channels = Object.keys(isObject(body?.messages) ? body.messages : {});
  return (
    <div className="comphead row between wrap">
      <div className="row gap16">
        <h1>Compose</h1>
        {at !== null && (
          <span className="sm mut not-phone">kept as a draft in this browser, {timeOf(new Date(at))}</span>
        )}
      </div>
      <div className="row wrap">
        <button type="button" className="btn ghost" onClick={restart}>
          Start anew
        </button>
        <Seeds text={body === null ? null : text} channels={channels} outside={offer.outside} name={name} />
        <TextDialog id="curl" label="curl" title="The same request by curl" text={curl} what="the request" />
        {body !== null && channels.length > 0 && (
          <TextDialog
            id="astest"
            label="As a test"
            title="The request as a test of your program"
            text={asTest(text, body, offer)}
            what="the test"
            note={
              <>
                It runs with <code>node --test</code> where <code>cresset</code> is installed, beside the workspace
                file, and sends nothing outside.
              </>
            }
          />
        )}
      </div>
    </div>
  );
}

interface TextDialogProps {
  id: string;
  label: string;
  title: string;
  text: string;
  what: string;
  note?: ReactNode;
}

function TextDialog({ id, label, title, text, what, note }: TextDialogProps) {
  const dialog = useRef<HTMLDialogElement>(null);
  return (
    <>
      <button type="button" className="btn ghost" onClick={() => dialog.current?.showModal()}>
        {label}
      </button>
      <dialog ref={dialog} className="modal" aria-labelledby={id}>
        <div className="row between">
          <h2 id={id} className="h16">
            {title}
          </h2>
          <button type="button" className="copy" aria-label="Close" onClick={() => dialog.current?.close()}>
            <Icon name="close" />
          </button>
        </div>
        <div className="sec">
          {note !== undefined && <p className="md mut2">{note}</p>}
          <Command text={text} what={what} />
        </div>
      </dialog>
    </>
  );
}
