import { useNavigate, useParams } from '@tanstack/react-router';
import { type FormEvent, type ReactNode, useId, useState } from 'react';
import { change } from '../../lib/api.ts';
import { counted } from '../../lib/say.ts';
import { useMay } from '../../lib/session.ts';
import { useTitle } from '../../lib/title.ts';
import { useTouching } from '../../parts/confirm.tsx';
import { CopyButton } from '../../parts/copy.tsx';
import { Failure, Loaded } from '../../parts/loaded.tsx';
import { Time } from '../../parts/time.tsx';
import { Preview } from './preview.tsx';
import { type Texts, useBlock, useTemplate } from './stored.ts';
import './templates.css';

interface Field {
  name: string;
  label: string;
  rows?: number;
  isRequired?: true;
  most?: number;
}

const templateFields: readonly Field[] = [
  { name: 'template_name', label: 'Name', isRequired: true },
  { name: 'subject', label: 'Subject', isRequired: true },
  { name: 'preheader', label: 'Preheader' },
  { name: 'body', label: 'HTML', rows: 16, isRequired: true },
  { name: 'plaintext_body', label: 'Text. Empty: made of the HTML', rows: 5 },
];

const blockFields: readonly Field[] = [
  { name: 'name', label: 'Name: letters, digits, - and _', isRequired: true, most: 99 },
  { name: 'description', label: 'Description', most: 249 },
  { name: 'content', label: 'Content', rows: 16, isRequired: true },
];

/** One email template: read by everybody, changed by admins, shown by the engine that sends. */
export function TemplatePage() {
  const { template: id } = useParams({ strict: false }) as { template: string };
  const stored = useTemplate(id);
  const navigate = useNavigate();
  const save = useTouching<{ email_template_id: string }, object>(
    (texts) =>
      id === 'new'
        ? change('POST', 'templates/email/create', texts)
        : change('POST', 'templates/email/update', { email_template_id: id, ...texts }),
    ['template', 'templates/email/list'],
  );
  const onSave = (texts: object) =>
    save.mutate(texts, {
      onSuccess: ({ email_template_id: made }) => navigate({ to: '/templates/$template', params: { template: made } }),
    });
  useTitle(stored.data?.template_name ?? 'Template');
  if (id === 'new')
    return <Editor key="new" kind="template" title="A new email template" texts={{}} save={save} onSave={onSave} />;
  return (
    <Waiting query={stored}>
      {(template) => {
        const { email_template_id, template_name, subject, preheader, body, plaintext_body, updated_at, tags } =
          template;
        return (
          <Editor
            key={updated_at}
            kind="template"
            title={template_name}
            texts={{ template_name, subject, preheader, body, plaintext_body }}
            save={save}
            onSave={onSave}
          >
            <p className="md mut2">
              <code>{email_template_id}</code> <CopyButton text={email_template_id} what="the id" /> changed{' '}
              <Time at={updated_at} />
              {tags !== null && tags.length > 0 && ` · ${tags.join(', ')}`}. Dispatches that are on their way keep the
              texts that they were accepted with.
            </p>
          </Editor>
        );
      }}
    </Waiting>
  );
}

/** One content block, and what includes it. */
export function BlockPage() {
  const { block: id } = useParams({ strict: false }) as { block: string };
  const stored = useBlock(id);
  const navigate = useNavigate();
  const save = useTouching<{ content_block_id: string }, object>(
    (texts) =>
      id === 'new'
        ? change('POST', 'content_blocks/create', withoutEmpty(texts))
        : change('POST', 'content_blocks/update', { content_block_id: id, ...withoutEmpty(texts) }),
    ['block', 'content_blocks/list'],
  );
  const onSave = (texts: object) =>
    save.mutate(texts, {
      onSuccess: ({ content_block_id: made }) => navigate({ to: '/templates/blocks/$block', params: { block: made } }),
    });
  useTitle(stored.data?.name ?? 'Content block');
  if (id === 'new')
    return <Editor key="new" kind="block" title="A new content block" texts={{}} save={save} onSave={onSave} />;
  return (
    <Waiting query={stored}>
      {({ name, content, description, last_edited, inclusion_count, inclusion_data = [] }) => (
        <Editor
          key={last_edited}
          kind="block"
          title={name}
          texts={{ name, description, content }}
          save={save}
          onSave={onSave}
        >
          <p className="md mut2">
            <code>{`{{content_blocks.\${${name}}}}`}</code>{' '}
            <CopyButton text={`{{content_blocks.\${${name}}}}`} what="the tag" /> changed <Time at={last_edited} />
          </p>
          <details className="few">
            <summary>
              {inclusion_count === 0
                ? 'Nothing includes it'
                : `Included by ${counted(inclusion_count, 'template, block or campaign', 'templates, blocks and campaigns')}`}
            </summary>
            <ul className="md mut2">
              {inclusion_data.map((one) => (
                <li key={one}>
                  <code>{one}</code>
                </li>
              ))}
            </ul>
          </details>
        </Editor>
      )}
    </Waiting>
  );
}

/** A description that is empty stays as it is: the API takes none that is blank. */
function withoutEmpty(texts: object): object {
  return Object.fromEntries(Object.entries(texts).filter(([name, text]) => name !== 'description' || text !== ''));
}

function Waiting<T>(props: Parameters<typeof Loaded<T>>[0]) {
  if (props.query.data !== undefined) return props.children(props.query.data);
  return (
    <div className="page">
      <h1>Template</h1>
      <Loaded {...props} />
    </div>
  );
}

interface EditorProps {
  kind: 'template' | 'block';
  title: string;
  texts: Texts;
  save: { error: Error | null; isPending: boolean; isSuccess: boolean };
  onSave(texts: object): void;
  children?: ReactNode;
}

function Editor({ kind, title, texts: stored, save, onSave, children }: EditorProps) {
  const isAdmin = useMay('admin');
  const fields = kind === 'template' ? templateFields : blockFields;
  const [texts, setTexts] = useState<Texts>(Object.fromEntries(fields.map(({ name }) => [name, stored[name] ?? ''])));
  const changed = fields.filter(({ name }) => texts[name] !== (stored[name] ?? ''));
  const submit = (event: FormEvent) => {
    event.preventDefault();
    onSave(Object.fromEntries(changed.map(({ name }) => [name, texts[name]])));
  };
  return (
    <div className="page">
      <h1 className="brk">{title}</h1>
      {children}
      <div className="editor">
        <form className="sec gap16" onSubmit={submit}>
          {fields.map((field) => (
            <TextField
              key={field.name}
              field={field}
              text={texts[field.name] ?? ''}
              isReadOnly={!isAdmin}
              onChange={(text) => setTexts({ ...texts, [field.name]: text })}
            />
          ))}
          {save.error !== null && <Failure error={save.error} />}
          {isAdmin ? (
            <div className="row wrap">
              <button type="submit" className="btn pri" disabled={changed.length === 0 || save.isPending}>
                {changed.length === 0 ? 'Nothing to store' : `Store ${counted(changed.length, 'change')}`}
              </button>
              <span className="md" role="status">
                {save.isSuccess && changed.length === 0 && 'It is stored.'}
              </span>
            </div>
          ) : (
            <p className="sm mut">Admins change it.</p>
          )}
        </form>
        <Preview kind={kind} texts={texts} />
      </div>
    </div>
  );
}

interface TextFieldProps {
  field: Field;
  text: string;
  isReadOnly: boolean;
  onChange(text: string): void;
}

function TextField({ field: { name, label, rows, isRequired, most }, text, isReadOnly, onChange }: TextFieldProps) {
  const id = useId();
  const shared = {
    ...{ id, name, value: text, readOnly: isReadOnly, required: isRequired === true, spellCheck: false },
    ...(most !== undefined && { maxLength: most }),
  };
  return (
    <div className="field">
      <label className="lab" htmlFor={id}>
        {label}
      </label>
      {rows === undefined ? (
        <input className="in" {...shared} autoComplete="off" onChange={(event) => onChange(event.target.value)} />
      ) : (
        <textarea className="in code" {...shared} rows={rows} onChange={(event) => onChange(event.target.value)} />
      )}
    </div>
  );
}
