import { useNavigate } from '@tanstack/react-router';
import { change } from '../../lib/api.ts';
import { useMay } from '../../lib/session.ts';
import { Confirm } from '../../parts/confirm.tsx';
import { type Lock, Locked } from '../../parts/locked.tsx';
import { Time } from '../../parts/time.tsx';

export interface StoredSegment {
  id: string;
  name: string;
  filter: unknown;
  archived: boolean;
  /** Who saved it. null: it comes from a workspace file. */
  edited: { by: string; at: string } | null;
  locked: Lock | null;
  used_by: readonly string[];
}

/** Whom the segment belongs to, and what uses it. */
export function WhoseSegment({ of: { edited, locked, used_by: uses, archived } }: { of: StoredSegment }) {
  return (
    <div className="sec">
      {locked !== null && <Locked by={locked} what="this segment" />}
      <p className="md mut2 brk">
        {edited !== null ? (
          <>
            Saved by {edited.by}, <Time at={edited.at} />.
          </>
        ) : (
          locked === null && 'It was not saved here: it comes from a workspace file, or with the workspace.'
        )}{' '}
        {uses.length > 0 && `Used by ${uses.join(', ')}.`} {archived && 'It is archived: nothing new may use it.'}
      </p>
    </div>
  );
}

/** Removes a segment that was saved here. */
export function RemoveSegment({ of: { id, name, edited, locked, used_by: uses } }: { of: StoredSegment }) {
  const isAdmin = useMay('admin');
  const navigate = useNavigate();
  if (!isAdmin || edited === null || locked !== null) return null;
  return (
    <p>
      <Confirm
        label="Remove the segment …"
        title={`Remove the segment ${name}`}
        verb="Remove the segment"
        act={async () => {
          await change('DELETE', `segments/${encodeURIComponent(id)}`);
          await navigate({ to: '/audiences' });
        }}
        touches={['audience offer']}
      >
        <p className="md brk">Nobody can send to “{name}” any more. What was sent to it stays as it is.</p>
        {uses.length > 0 && <p className="md v-warn brk">It is refused as long as {uses.join(', ')} uses it.</p>}
      </Confirm>
    </p>
  );
}
