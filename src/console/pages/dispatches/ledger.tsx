import { channelName, count } from '../../lib/say.ts';
import { type Family, families, sayReason } from '../../lib/verdicts.ts';
import { Time } from '../../parts/time.tsx';
import { Verdict } from '../../parts/verdict.tsx';
import type { ChannelCounts, Dispatch } from './dispatch.tsx';

/** Members of the counts that are no outcomes. */
const notOutcomes = new Set(['recipients', 'attempts', 'attempts_failed', 'attempts_in_flight']);

const familyOfOutcome: Readonly<Record<string, Family>> = {
  sent: 'reached',
  pending: 'waiting',
  sending: 'waiting',
  held: 'waiting',
  unknown: 'unclear',
  failed: 'failed',
  bounced: 'failed',
  expired: 'failed',
  address_dead: 'failed',
  provider_refused: 'failed',
  gave_up: 'failed',
  render_error: 'failed',
  payload_too_large: 'failed',
};

const said: Readonly<Record<string, string>> = {
  sent: 'sent',
  pending: 'for an attempt',
  sending: 'being handed over',
  held: 'held by quiet hours',
  unknown: 'no answer; not tried again',
};

/** Every message by its reason, a column for each channel. Each column adds up to the people who were targeted. */
export function Ledger({ dispatch: { channels, counts, counted_at: countedAt } }: { dispatch: Dispatch }) {
  const names = Object.keys(channels);
  const never = ['unknown_user', 'duplicate', 'not_in_segment', 'not_in_audience'] as const;
  const left = never.filter((reason) => counts[reason] > 0);
  const leftOut = left.reduce((sum, reason) => sum + counts[reason], 0);
  if (names.length === 0 && leftOut === 0) return null;
  const columns = names.length === 0 ? ['none'] : names;
  return (
    <section className="sec" aria-labelledby="messages">
      <div className="sh">
        <h2 id="messages">Messages by reason</h2>
        {countedAt !== undefined && (
          <span className="end">
            Counted <Time at={countedAt} />
          </span>
        )}
        {countedAt === undefined && counts.targeted !== null && (
          <span className="end">Every column adds up to {count(counts.targeted)}</span>
        )}
      </div>
      <div className="wide">
        <table className="ledger">
          <thead>
            <tr>
              <th scope="col">Outcome</th>
              {columns.map((channel) => (
                <th key={channel} scope="col" className="n">
                  {channel === 'none' ? 'All channels' : channelName(channel)}
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {families.map((family) => (
              <FamilyRows key={family} family={family} columns={columns} channels={channels} />
            ))}
            {leftOut > 0 && (
              <>
                <tr className="grp">
                  <th scope="row">Never a recipient</th>
                  {columns.map((channel) => (
                    <td key={channel} className="n">
                      {count(leftOut)}
                    </td>
                  ))}
                </tr>
                {left.map((reason) => (
                  <tr key={reason} className="sub1">
                    <th scope="row">
                      {sayReason(reason)} <span className="r">{reason}</span>
                    </th>
                    {columns.map((channel) => (
                      <td key={channel} className="n">
                        {count(counts[reason])}
                      </td>
                    ))}
                  </tr>
                ))}
              </>
            )}
            <tr className="tot">
              <th scope="row">People</th>
              {columns.map((channel) => (
                <td key={channel} className="n">
                  {count((channels[channel]?.recipients ?? 0) + leftOut)}
                </td>
              ))}
            </tr>
          </tbody>
        </table>
      </div>
    </section>
  );
}

function FamilyRows({
  family,
  columns,
  channels,
}: {
  family: Family;
  columns: readonly string[];
  channels: Readonly<Record<string, ChannelCounts>>;
}) {
  const of = (outcome: string) => (familyOfOutcome[outcome] ?? 'kept') === family;
  const all = Object.values(channels).flatMap((counts) => Object.keys(counts));
  const outcomes = [...new Set(all)].filter((outcome) => !notOutcomes.has(outcome) && of(outcome)).sort();
  const manyOf = (channel: string, outcome: string) => channels[channel]?.[outcome] ?? 0;
  const total = (channel: string) => outcomes.reduce((sum, outcome) => sum + manyOf(channel, outcome), 0);
  const isPlain = outcomes.length === 1 && said[outcomes[0] ?? ''] !== undefined;
  return (
    <>
      <tr className="grp">
        <th scope="row">
          <Verdict family={family} />
        </th>
        {columns.map((channel) => (
          <Cell key={channel} value={total(channel)} />
        ))}
      </tr>
      {(isPlain ? [] : outcomes).map((outcome) => (
        <tr key={outcome} className="sub1">
          <th scope="row">
            {said[outcome] ?? sayReason(outcome)} {said[outcome] === undefined && <span className="r">{outcome}</span>}
          </th>
          {columns.map((channel) => (
            <Cell key={channel} value={manyOf(channel, outcome)} />
          ))}
        </tr>
      ))}
    </>
  );
}

function Cell({ value }: { value: number }) {
  return <td className={value === 0 ? 'n zero' : 'n'}>{count(value)}</td>;
}
