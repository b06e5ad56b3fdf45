import { Fragment } from 'react';
import { channelName, count } from '../../lib/say.ts';
import { type Family, families, familyNames, familyOf } from '../../lib/verdicts.ts';
import { Waiting } from '../../parts/loaded.tsx';
import { Verdict, VerdictBar } from '../../parts/verdict.tsx';

/** `counted_at` null: it is being counted, or there are too many. */
export interface DayCounts {
  since: string;
  counted_at: string | null;
  is_counting: boolean;
  rows: { channel: string; status: string; reason: string | null; count: number }[];
}

type Counts = Record<Family, number>;
const none = (): Counts => ({ reached: 0, waiting: 0, unclear: 0, failed: 0, kept: 0 });

/** What was sent today: a row for each channel, a column for each family of verdicts. */
export function Today({ since, counted_at, is_counting, rows }: DayCounts) {
  const byChannel = new Map<string, Counts>();
  for (const { channel, status, reason, count: many } of rows) {
    const counts = byChannel.get(channel) ?? none();
    counts[familyOf(status, reason)] += many;
    byChannel.set(channel, counts);
  }
  return (
    <section className="sec" aria-labelledby="channels">
      <div className="sh">
        <h2 id="channels">Channels</h2>
        <span className="end">
          Today since 00:00 UTC <span className="sr">{since}</span>
        </span>
      </div>
      {is_counting && <Waiting rows={3} said="Counting" />}
      {!is_counting && counted_at === null && (
        <p className="mut2">
          Too many messages went out today to count them in time. Each dispatch has its own numbers.
        </p>
      )}
      {counted_at !== null && (
        <table>
          <thead>
            <tr>
              <th scope="col">Channel</th>
              <th scope="col" className="w-bar p2">
                <span className="sr">Share of each verdict</span>
              </th>
              {families.map((family) => (
                <th key={family} scope="col" className={isOnSecondLine(family) ? 'n p3' : 'n'}>
                  {familyNames[family]}
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {[...byChannel].map(([channel, counts]) => (
              <Fragment key={channel}>
                <tr>
                  <th scope="row">{channelName(channel)}</th>
                  <td className="p2">
                    <VerdictBar counts={counts} />
                  </td>
                  {families.map((family) => (
                    <td
                      key={family}
                      className={`n${counts[family] === 0 ? ' zero' : ''}${isOnSecondLine(family) ? ' p3' : ''}`}
                    >
                      {count(counts[family])}
                    </td>
                  ))}
                </tr>
                <SecondLine counts={counts} />
              </Fragment>
            ))}
            {byChannel.size === 0 && (
              <tr>
                <td colSpan={7} className="mut">
                  Nothing was accepted today.
                </td>
              </tr>
            )}
          </tbody>
        </table>
      )}
    </section>
  );
}

/** Families without a column on a phone. */
function isOnSecondLine(family: Family): boolean {
  return family === 'unclear' || family === 'kept';
}

/** What the columns of a phone leave out of a channel's numbers. Nothing: there is none of it. */
function SecondLine({ counts }: { counts: Counts }) {
  const some = families.filter((family) => isOnSecondLine(family) && counts[family] > 0);
  if (some.length === 0) return null;
  return (
    <tr className="more">
      <td colSpan={7}>
        {some.map((family) => (
          <Verdict key={family} family={family}>
            {count(counts[family])} {familyNames[family].toLowerCase()}
          </Verdict>
        ))}
      </td>
    </tr>
  );
}
