import { counted } from '../../lib/say.ts';
import { Failure } from '../../parts/loaded.tsx';
import type { Previewed } from '../../parts/message/previewed.ts';
import { gapsIn, PreviewList, showMessage } from '../../parts/message/previews.tsx';

/** The message as somebody gets it of whom nothing is known: what is missing there is the bug nobody looks for. */
export function EmptyProfile({ previews }: { previews: readonly Previewed[] }) {
  const gaps = gapsIn(previews).length;
  return (
    <>
      <h2>
        Empty profile <span className="mut">{gaps === 0 ? 'no gap' : counted(gaps, 'gap')}</span>
      </h2>
      <PreviewList previews={previews} show={showMessage} />
    </>
  );
}

/** Why that message could not be shown. */
export function NoEmptyProfile({ error }: { error: Error }) {
  return (
    <>
      <h2>Empty profile</h2>
      <Failure error={error} />
    </>
  );
}
