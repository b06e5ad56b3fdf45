import type { TestApp } from '../app.ts';
import { patternOf } from './compare.ts';

interface Rendering {
  template: string;
  /** What it prints, or in parentheses why it prints nothing. */
  expected: string;
}

/** Between the lines that are rendered as one text. No template prints it. */
const BETWEEN = '\n\u2042\n';

/**
 * Renders the lines `template ⇒ output` of a block for the person `ada`, in dry runs: those that print something in one,
 * each of the others in its own. Returns what is not as the page says.
 */
export async function renderingProblems(app: TestApp, text: string): Promise<string[]> {
  const lines = text
    .split('\n')
    .filter((line) => line.trim() !== '')
    .map((line): Rendering => {
      const [template = '', expected = ''] = line.split('⇒').map((part) => part.trim());
      return { template, expected };
    });
  const stops = lines.filter(({ expected }) => /^\((?!empty\))/.test(expected));
  const prints = lines.filter((line) => !stops.includes(line));
  const whole = await render(app, prints.map(({ template }) => template).join(BETWEEN));
  const printed = whole.split(BETWEEN);
  if (prints.length > 0 && printed.length !== prints.length) return [`the templates of this block print ${whole}`];
  const found: [Rendering, string][] = prints.map((line, index) => [line, printed[index] || '(empty)']);
  for (const line of stops) found.push([line, await render(app, line.template)]);
  return found
    .filter(([{ expected }, output]) => !patternOf(expected).test(output))
    .map(([{ template, expected }, output]) => `${template} prints ${output}, not ${expected}`);
}

/** What the template prints in the body of a webhook, or `(reason: detail)`. */
async function render(app: TestApp, template: string): Promise<string> {
  const message = { url: 'https://example.com', request_method: 'POST', body: `.${template}` };
  const { status, body } = await app.post('/messages/send', {
    external_user_ids: ['ada'],
    messages: { webhook: message },
    cresset: { dry_run: true },
  });
  if (status !== 201) return `(${status}: ${body.errors.join('; ')})`;
  const sample = body.samples[0];
  if (sample !== undefined) return sample.message.body.slice(1);
  const { reason, detail } = body.recipients[0];
  return `(${reason}: ${detail})`;
}
