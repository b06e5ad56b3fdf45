const spans = ['7', '30', '90'] as const;

/** The days that are asked for: what the URL says, if it can be asked for. */
export function spanOf(days: string | undefined): string {
  return spans.find((one) => one === days) ?? '30';
}

/** Of how many days numbers are shown. */
export function Spans({ chosen, choose }: { chosen: string; choose(days: string): void }) {
  return (
    <div className="seg">
      {spans.map((days) => (
        <button key={days} type="button" aria-pressed={days === chosen} onClick={() => choose(days)}>
          {days} days
        </button>
      ))}
    </div>
  );
}
