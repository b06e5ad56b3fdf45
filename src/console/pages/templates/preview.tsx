import { isObject } from '../../lib/document.ts';
import { useMay } from '../../lib/session.ts';
import type { Previewed } from '../../parts/message/previewed.ts';
import { AsPerson, NoMessage, showMessage } from '../../parts/message/previews.tsx';
import { previewOf, type Texts } from './stored.ts';

/** The texts as a person gets them, or somebody of whom nothing is known, before they are stored. */
export function Preview({ kind, texts }: { kind: 'template' | 'block'; texts: Texts }) {
  const maySend = useMay('sender');
  if (!maySend) return <p className="sm mut">Senders and admins see previews.</p>;
  return (
    <section className="sec gap16" aria-label="Preview">
      <AsPerson
        ask={(person) => previewOf(kind, texts, person)}
        mayBeNobody
        show={kind === 'block' ? showBlock : showMessage}
      />
    </section>
  );
}

/** What a block becomes is the body of a webhook. */
function showBlock(preview: Previewed) {
  const { message } = preview;
  if (message === null) return <NoMessage preview={preview} what="Block" />;
  return <pre className="json raw1 frame pad">{String(isObject(message) ? message.body : '')}</pre>;
}
