import { lazy, Suspense, useId } from 'react';
import { count } from '../../lib/say.ts';
import './chart.css';
import { dashes, type Line } from './lines.ts';

const Plot = lazy(() => import('./plot.tsx').then(({ Plot: one }) => ({ default: one })));

interface ChartProps {
  title: string;
  /** What the title leaves open. */
  note?: string;
  /** YYYY-MM-DD in UTC, oldest first. */
  days: readonly string[];
  lines: readonly Line[];
}

/** Lines over days. The table beside it has the same numbers; its heads are the legend. */
export function Chart({ title, note = '', days, lines }: ChartProps) {
  const id = useId();
  return (
    <figure className="sec chart" aria-labelledby={id}>
      <figcaption>
        <h2 id={id}>
          {title} {note !== '' && <span className="mut">{note}</span>}
        </h2>
      </figcaption>
      <div className="chartrow">
        <Suspense fallback={<div className="plot" />}>
          <Plot days={days} lines={lines} />
        </Suspense>
        <Numbers title={title} days={days} lines={lines} />
      </div>
    </figure>
  );
}

/** The days on which there is a number, the newest first. */
function Numbers({ title, days, lines }: Pick<ChartProps, 'title' | 'days' | 'lines'>) {
  const rows = days.map((day, index) => ({ day, values: lines.map(({ values }) => values[index] ?? 0) }));
  const busy = rows.filter(({ values }) => values.some((value) => value !== 0)).reverse();
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reached by the keyboard
    <section className="chartnumbers" aria-label={`${title}: numbers`} tabIndex={0}>
      <table>
        <thead>
          <tr>
            <th scope="col">Day, UTC</th>
            {lines.map(({ name }, place) => (
              <th key={name} scope="col" className="n">
                <Swatch place={place} /> {name}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {busy.map(({ day, values }) => (
            <tr key={day}>
              <th scope="row">{day}</th>
              {values.map((value, place) => (
                <td key={lines[place]?.name} className={value === 0 ? 'n zero' : 'n'}>
                  {count(value)}
                </td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
      {busy.length < days.length && <p className="sm mut">Nothing on the other {days.length - busy.length} days.</p>}
    </section>
  );
}

function Swatch({ place }: { place: number }) {
  return (
    <svg className="swatch" viewBox="0 0 24 8" aria-hidden="true">
      <path d="M0 4h24" strokeDasharray={dashes[place]?.join(' ')} />
    </svg>
  );
}
