import { useEffect, useRef, useState } from 'react';
import { urlOf } from '../../lib/api.ts';

interface PictureProps {
  html: string;
  /** Whether images and styles from outside load, in this browser. */
  isRemote: boolean;
}

/**
 * A mail that has no address of its own, because it is not sent. An empty document of the server, whose policy allows no
 * script, no form and no connection, is filled from here. The frame may not run scripts either. It has our origin, so that
 * we reach into it.
 */
export function Picture({ html, isRemote }: PictureProps) {
  const frame = useRef<HTMLIFrameElement>(null);
  const [loads, setLoads] = useState(0);
  const url = urlOf(isRemote ? 'mail-frame?remote=1' : 'mail-frame');
  // biome-ignore lint/correctness/useExhaustiveDependencies: a document that was loaded again is empty again
  useEffect(() => fill(frame.current, url, html), [url, html, loads]);
  return (
    <iframe
      ref={frame}
      title="The mail"
      src={url}
      sandbox="allow-same-origin allow-popups allow-popups-to-escape-sandbox"
      referrerPolicy="no-referrer"
      onLoad={() => setLoads((times) => times + 1)}
    />
  );
}

/** Only the empty document is filled: a link in the mail may have led the frame elsewhere, where other rules hold. */
function fill(frame: HTMLIFrameElement | null, url: string, html: string): void {
  const inside = frame?.contentDocument;
  const view = inside?.defaultView as (Window & typeof globalThis) | null | undefined;
  if (!inside || !view || inside.URL !== url) return;
  const parsed = new view.DOMParser().parseFromString(html, 'text/html');
  const base = parsed.createElement('base');
  base.target = '_blank';
  parsed.head.prepend(base);
  inside.replaceChild(inside.adoptNode(parsed.documentElement), inside.documentElement);
}
