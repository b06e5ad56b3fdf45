/** One curve. Its points are evenly spaced in time. */
export interface Curve {
  name: string;
  unit: string;
  values: readonly number[];
}

const [WIDTH, HEIGHT, MARGIN] = [860, 150, 46];
const COLOUR = '#1f6feb';

/** Draws curves over the same time below each other, each with its own scale from 0, as SVG. */
export function plot(title: string, minutes: number, curves: readonly Curve[]): string {
  const height = MARGIN + curves.length * (HEIGHT + MARGIN);
  const charts = curves.map((curve, index) => chart(curve, MARGIN + index * (HEIGHT + MARGIN)));
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${height}" font-family="sans-serif" font-size="12">`,
    `<rect width="${WIDTH}" height="${height}" fill="#fff"/>`,
    `<text x="${MARGIN}" y="20" font-size="15">${escaped(title)}: ${minutes} min</text>`,
    ...charts,
    '</svg>\n',
  ].join('\n');
}

function chart({ name, unit, values }: Curve, top: number): string {
  const most = Math.max(...values, 1e-9) * 1.1;
  const width = WIDTH - 2 * MARGIN;
  const points = values.map((value, index) => {
    const x = MARGIN + (index / Math.max(values.length - 1, 1)) * width;
    return `${x.toFixed(1)},${(top + HEIGHT - (value / most) * HEIGHT).toFixed(1)}`;
  });
  const last = values.at(-1) ?? 0;
  return [
    `<text x="${MARGIN}" y="${top - 4}">${escaped(name)}: ${short(last)} ${unit} at the end, ${short(Math.max(...values))} at most</text>`,
    `<rect x="${MARGIN}" y="${top}" width="${width}" height="${HEIGHT}" fill="none" stroke="#ccc"/>`,
    `<polyline points="${points.join(' ')}" fill="none" stroke="${COLOUR}" stroke-width="1.5"/>`,
  ].join('\n');
}

function short(value: number): string {
  return value.toLocaleString('en-US', { maximumFractionDigits: value < 10 ? 1 : 0 });
}

function escaped(text: string): string {
  return text.replace(/[<>&]/g, (character) => `&#${character.charCodeAt(0)};`);
}
