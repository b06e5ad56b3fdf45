import { Link } from '@tanstack/react-router';
import { channelName, count } from '../../lib/say.ts';
import { Table } from '../../parts/rows.tsx';
import type { Preview, SamplePerson } from './counts.ts';

/** How many of the people each channel reaches. */
export function Reach({ preview, note }: { preview: Preview; note: string }) {
  const rows: [string, number][] = [['People', preview.count], ...Object.entries(preview.reachable)];
  return (
    <section className="sec" aria-labelledby="reach">
      <div className="sh">
        <h2 id="reach">How many each channel reaches</h2>
        <span className="end">{note}</span>
      </div>
      <table>
        <tbody>
          {rows.map(([channel, reached]) => (
            <tr key={channel}>
              <th scope="row">{channelName(channel)}</th>
              <td className="w-bar p2">
                <meter className="reach" min={0} max={Math.max(1, preview.count)} value={reached} aria-hidden="true" />
              </td>
              <td className={reached === 0 ? 'n zero' : 'n'}>{count(reached)}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </section>
  );
}

/** The first people who fit. */
export function Sample({ preview: { count: all, sample }, note }: { preview: Preview; note: string }) {
  return (
    <section className="sec" aria-labelledby="sample">
      <div className="sh">
        <h2 id="sample">{sample.length === 0 ? 'Nobody to show' : `First ${sample.length} of ${count(all)}`}</h2>
        <span className="end">{note}</span>
      </div>
      {sample.length > 0 && (
        <Table<SamplePerson>
          rows={sample}
          keyOf={({ braze_id: id }) => id}
          none=""
          columns={[
            {
              head: 'Person',
              cell: ({ braze_id: person, external_id, first_name }) => (
                <>
                  <Link to="/people/$person" params={{ person }}>
                    {external_id ?? person}
                  </Link>{' '}
                  <span className="sub">{first_name}</span>
                </>
              ),
            },
            { head: 'Country', className: 'p2', cell: ({ country }) => country ?? <span className="mut">–</span> },
            { head: 'Language', className: 'p2', cell: ({ language }) => language ?? <span className="mut">–</span> },
          ]}
        />
      )}
    </section>
  );
}
