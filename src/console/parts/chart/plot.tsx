import { useEffect, useRef, useSyncExternalStore } from 'react';
import UPlot from 'uplot';
import 'uplot/dist/uPlot.min.css';
import { count } from '../../lib/say.ts';
import { dashes, type Line } from './lines.ts';

const HEIGHT = 220;
const DAY_S = 86_400;
const dark = matchMedia('(prefers-color-scheme: dark)');
const dayName = new Intl.DateTimeFormat('en-GB', { day: 'numeric', month: 'short', timeZone: 'UTC' });

/** The drawing of a chart, for those who see it. It is drawn anew when the scheme changes. */
export function Plot({ days, lines }: { days: readonly string[]; lines: readonly Line[] }) {
  const place = useRef<HTMLDivElement>(null);
  const scheme = useSyncExternalStore(onScheme, () => dark.matches);
  const drawn = JSON.stringify([days, lines]);
  // biome-ignore lint/correctness/useExhaustiveDependencies: `drawn` is what the days and lines are; a scheme has its colours
  useEffect(() => {
    const element = place.current;
    if (element === null) return;
    const data: UPlot.AlignedData = [days.map(secondsOf), ...lines.map(({ values }) => [...values])];
    const plot = new UPlot(optionsOf(element, lines), data, element);
    const resized = new ResizeObserver(() => plot.setSize({ width: element.clientWidth, height: HEIGHT }));
    resized.observe(element);
    return () => {
      resized.disconnect();
      plot.destroy();
    };
  }, [drawn, scheme]);
  return <div ref={place} className="plot" aria-hidden="true" />;
}

function onScheme(listener: () => void): () => void {
  dark.addEventListener('change', listener);
  return () => dark.removeEventListener('change', listener);
}

function secondsOf(day: string): number {
  return Date.parse(day) / 1_000;
}

function optionsOf(element: HTMLElement, lines: readonly Line[]): UPlot.Options {
  const colour = colourReader(element);
  const [ink, quiet, line] = [colour('--ink'), colour('--ink-3'), colour('--line')];
  const font = `12px ${getComputedStyle(element).fontFamily}`;
  const axis = { stroke: quiet, font, ticks: { show: false } };
  return {
    ...{ width: element.clientWidth, height: HEIGHT, padding: [8, 12, 0, 0] },
    ...{
      legend: { show: false },
      cursor: { show: false },
      select: { show: false, left: 0, top: 0, width: 0, height: 0 },
    },
    tzDate: (seconds) => UPlot.tzDate(new Date(seconds * 1_000), 'Etc/UTC'),
    scales: { y: { range: (_plot, _least, most) => [0, Math.max(1, most) * 1.05] } },
    axes: [
      {
        ...{ ...axis, grid: { show: false }, space: 64, size: 28 },
        incrs: [1, 2, 7, 14, 28].map((many) => many * DAY_S),
        values: (_plot, at) => at.map((seconds) => dayName.format(seconds * 1_000)),
      },
      {
        ...{ ...axis, grid: { stroke: line, width: 1 }, incrs: wholeSteps, space: 40 },
        size: (_plot, values) => 16 + 8 * Math.max(1, ...(values ?? []).map((value) => value.length)),
        values: (_plot, at) => at.map(count),
      },
    ],
    series: [
      {},
      ...lines.map(({ name }, at) => ({
        ...{ label: name, stroke: ink, width: 1.5, dash: [...(dashes[at] ?? [])] },
        points: { size: 5, fill: ink, stroke: ink },
      })),
    ],
  };
}

/** Steps of counts: there is no half message. */
const wholeSteps = Array.from({ length: 10 }, (_, power) => [1, 2, 5].map((step) => step * 10 ** power)).flat();

/** Reads a token as the colour that it is in this scheme, because a canvas knows no tokens. */
function colourReader(element: HTMLElement): (token: string) => string {
  return (token) => {
    const probe = document.createElement('span');
    probe.style.color = `var(${token})`;
    element.append(probe);
    const { color } = getComputedStyle(probe);
    probe.remove();
    return color;
  };
}
