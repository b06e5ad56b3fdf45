import { useQuery } from '@tanstack/react-query';
import { read } from '../../lib/api.ts';
import { Loaded } from '../../parts/loaded.tsx';
import { Time } from '../../parts/time.tsx';

interface Change extends Readonly<Record<string, unknown>> {
  changed_at: string;
  of: string;
  state: string;
  previous_state: string | null;
}

/** What stands in the first line. The rest is the proof. */
const shown = new Set(['changed_at', 'of', 'state', 'previous_state']);

/** Who changed which state of the person, and how it came in. */
export function Consent({ id }: { id: string }) {
  const consent = useQuery({
    queryKey: ['person', id, 'consent'],
    queryFn: ({ signal }) =>
      read<{ consent_changes: Change[] }>(`users/consent?braze_id=${encodeURIComponent(id)}`, signal),
  });
  return (
    <section className="sec" aria-labelledby="consent">
      <h2 id="consent">Consent record</h2>
      <Loaded query={consent} rows={1}>
        {({ consent_changes: changes }) => {
          if (changes.length === 0) return <p className="md mut">No state of this person was changed.</p>;
          return (
            <ul className="notes plainnotes">
              {changes.map((change, index) => (
                // biome-ignore lint/suspicious/noArrayIndexKey: records have no id, and are only added at the end
                <li key={index}>
                  <span>
                    <b>
                      {change.of.replace('_', ' ')}: {change.state.replace('_', ' ')}
                    </b>{' '}
                    <Time at={change.changed_at} />
                    <br />
                    <span className="mut">{proofOf(change)}</span>
                  </span>
                </li>
              ))}
            </ul>
          );
        }}
      </Loaded>
    </section>
  );
}

/** Everything else that the record says: door, key, address, provider. */
function proofOf(change: Change): string {
  const parts = Object.entries(change).filter(
    ([name, value]) => !shown.has(name) && value !== null && value !== undefined,
  );
  return parts
    .map(
      ([name, value]) =>
        `${name.replaceAll('_', ' ')}: ${typeof value === 'object' ? JSON.stringify(value) : String(value)}`,
    )
    .join(' · ');
}
