import { channelName, count } from '../../lib/say.ts';
import { type NamedVariations, rateOf, type VariationTotals } from './statistics.ts';

/** "not reported" is what nobody tells; 0 is told. */
export function Told({ value, rate = '' }: { value: number | null; rate?: string }) {
  if (value === null) return <span className="mut">not reported</span>;
  return (
    <>
      {count(value)} {rate !== '' && <span className="mut">{rate}</span>}
    </>
  );
}

const numbers = ['sent', 'delivered', 'opened', 'clicked', 'left', 'failed'] as const;
const heads = {
  sent: 'Sent',
  delivered: 'Delivered',
  opened: 'Opened',
  clicked: 'Clicked',
  left: 'Left',
  failed: 'Failed',
} as const;
/** Numbers beside which their share stands. */
const withRate: ReadonlySet<string> = new Set(['opened', 'clicked']);

/** What each variation did, in the same columns. */
export function Variations({ totals, named }: { totals: readonly VariationTotals[]; named: NamedVariations }) {
  if (totals.length === 0) return <p className="mut2">It has no variation, so there is nothing to count.</p>;
  return (
    <section className="sec" aria-labelledby="variations">
      <h2 id="variations">
        By variation <span className="mut">opened and clicked by people</span>
      </h2>
      <table className="stk variations">
        <thead>
          <tr>
            <th scope="col">Variation</th>
            {numbers.map((number) => (
              <th key={number} scope="col" className="n">
                {heads[number]}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {totals.map((one) => (
            <tr key={`${one.channel} ${one.id}`}>
              <th scope="row">
                {named[one.id]?.name ?? one.id} <span className="mut">{channelName(one.channel)}</span>
                <Weight weight={named[one.id]?.weight} />
              </th>
              {numbers.map((number) => (
                <td key={number} className="n" data-l={heads[number]}>
                  <Told value={one[number]} rate={withRate.has(number) ? rateOf(one[number], one) : ''} />
                </td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
      <Machines totals={totals} named={named} />
    </section>
  );
}

/** The share of people who get it. */
function Weight({ weight }: { weight: number | undefined }) {
  if (weight === undefined) return null;
  return (
    <>
      {' '}
      <span className="mut nw">to {weight} %</span>
    </>
  );
}

/** What programs opened and clicked: apart, and in no rate. */
function Machines({ totals, named }: { totals: readonly VariationTotals[]; named: NamedVariations }) {
  const some = totals.filter(({ machineOpens, machineClicks }) => machineOpens + machineClicks > 0);
  if (some.length === 0) return <p className="sm mut">Nothing was opened or clicked by machines.</p>;
  return (
    <ul className="machines sm mut2">
      {some.map(({ id, machineOpens, machineClicks }) => (
        <li key={id}>
          {named[id]?.name ?? id}: machines opened {count(machineOpens)} and clicked {count(machineClicks)}; they are in
          no number above.
        </li>
      ))}
    </ul>
  );
}
