import { useState } from 'react';
import { Icon } from './icon.tsx';

const SAID_MS = 1_500;

/** Copies a text. `what`: what it is, for its name, such as `the id`. */
export function CopyButton({ text, what, label }: { text: string; what: string; label?: string }) {
  const [copied, setCopied] = useState(false);
  const copy = async () => {
    await writeText(text);
    setCopied(true);
    setTimeout(() => setCopied(false), SAID_MS);
  };
  const name = copied ? 'Copied' : `Copy ${what}`;
  return (
    <button
      type="button"
      className={label === undefined ? 'copy' : 'btn'}
      onClick={copy}
      aria-label={name}
      title={name}
    >
      <Icon name={copied ? 'reached' : 'copy'} />
      {label !== undefined && (copied ? 'Copied' : label)}
    </button>
  );
}

/** The clipboard is only there on HTTPS and localhost; elsewhere a field is selected and copied. */
async function writeText(text: string): Promise<void> {
  if (navigator.clipboard !== undefined) return navigator.clipboard.writeText(text);
  const field = document.createElement('textarea');
  field.value = text;
  document.body.append(field);
  field.select();
  document.execCommand('copy');
  field.remove();
}

/** A command in a box, with a button that copies it. */
export function Command({ text, what = 'the command' }: { text: string; what?: string }) {
  return (
    <div className="cmdbox">
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reached by the keyboard */}
      <pre className="cmd" tabIndex={0}>
        {text}
      </pre>
      <CopyButton text={text} what={what} />
    </div>
  );
}
