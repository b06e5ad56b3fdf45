import { useState } from 'react';
import type { PlacedRemark } from '../../lib/document.ts';
import { channelName, count } from '../../lib/say.ts';
import { sayReason } from '../../lib/verdicts.ts';
import { OneMessage } from '../../parts/message/one-message.tsx';
import type { Previews, Sample } from '../../parts/message/previewed.ts';
import { AsPerson } from '../../parts/message/previews.tsx';
import { Verdict } from '../../parts/verdict.tsx';
import { EmptyProfile, NoEmptyProfile } from './empty-profile.tsx';
import { familyOfOutcome, previewOf, type Rehearsed } from './run.ts';

/** Everything that the API says of the document, each with its path. */
export function Remarks({ remarks }: { remarks: readonly PlacedRemark[] }) {
  if (remarks.length === 0) return null;
  return (
    <ul className="remarks">
      {remarks.map(({ kind, text }) => (
        <li key={text} className={kind}>
          <span className="sr">{kind === 'error' ? 'Mistake: ' : 'Warning: '}</span>
          {text}
        </li>
      ))}
    </ul>
  );
}

interface OutcomeProps {
  answer: Rehearsed;
  isCurrent: boolean;
  text: string;
  /** As somebody of whom nothing is known would get it: the previews, or why there are none. */
  empty: { data: Previews | undefined; error: Error | null };
}

/** What a dry run said: each channel by reason, and the messages of some people. */
export function Outcome({ answer, isCurrent, text, empty }: OutcomeProps) {
  return (
    <div className={isCurrent ? 'outcome' : 'outcome old'}>
      <table>
        <caption className="sr">Messages by channel and reason</caption>
        <tbody>
          {Object.entries(answer.channels).map(([channel, counts]) => (
            <ChannelRows key={channel} channel={channel} counts={counts} />
          ))}
        </tbody>
      </table>
      <Samples samples={answer.samples} />
      <AsPerson ask={(person) => previewOf(text, person)} />
      {empty.data !== undefined && <EmptyProfile previews={empty.data.previews} />}
      {empty.error !== null && <NoEmptyProfile error={empty.error} />}
    </div>
  );
}

/** Members that are no outcome of a message. */
const totals = new Set(['recipients', 'attempts', 'attempts_failed', 'attempts_in_flight']);

function ChannelRows({ channel, counts }: { channel: string; counts: Readonly<Record<string, number>> }) {
  const outcomes = Object.entries(counts).filter(([outcome, number]) => !totals.has(outcome) && number > 0);
  return (
    <>
      <tr className="grp">
        <th scope="row">{channelName(channel)}</th>
        <td className="n">{count(counts.recipients ?? 0)}</td>
      </tr>
      {outcomes.map(([outcome, number]) => (
        <tr key={outcome}>
          <td>
            <Verdict family={familyOfOutcome(outcome)}>{sayOutcome(outcome)}</Verdict>
          </td>
          <td className="n">{count(number)}</td>
        </tr>
      ))}
    </>
  );
}

function sayOutcome(outcome: string): string {
  if (outcome === 'would_be_sent') return 'would get it';
  if (outcome === 'would_be_held') return 'would get it after quiet hours';
  return sayReason(outcome);
}

/** The messages that the server made for up to ten people, one at a time. */
function Samples({ samples }: { samples: readonly Sample[] }) {
  const [chosen, setChosen] = useState(0);
  const sample = samples[chosen] ?? samples[0];
  if (sample === undefined) return <p className="md mut2">No message was made, so there is none to show.</p>;
  return (
    <>
      <div className="row between">
        <h2>Preview</h2>
        <select
          className="pick1"
          aria-label="The message of"
          value={samples.indexOf(sample)}
          onChange={(event) => setChosen(Number(event.target.value))}
        >
          {samples.map((one, place) => (
            <option key={`${one.channel} ${one.braze_id}`} value={place}>
              {one.external_id ?? one.braze_id}, {channelName(one.channel)}
            </option>
          ))}
        </select>
      </div>
      <OneMessage sample={sample} />
    </>
  );
}
