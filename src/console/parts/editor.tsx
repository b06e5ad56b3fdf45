import { defaultKeymap, history, historyKeymap } from '@codemirror/commands';
import { json } from '@codemirror/lang-json';
import { bracketMatching } from '@codemirror/language';
import { Annotation, EditorState, StateEffect, StateField } from '@codemirror/state';
import {
  Decoration,
  type DecorationSet,
  EditorView,
  keymap,
  lineNumbers,
  MatchDecorator,
  ViewPlugin,
  type ViewUpdate,
  WidgetType,
} from '@codemirror/view';
import { useEffect, useRef } from 'react';
import type { PlacedRemark } from '../lib/document.ts';

interface EditorProps {
  /** What the text is, for who cannot see it. */
  label: string;
  text: string;
  /** Default: json. */
  language?: 'json' | 'yaml';
  remarks: readonly PlacedRemark[];
  write(text: string): void;
}

const fromOutside = Annotation.define<true>();

/**
 * A document as JSON or YAML. The editor stands in a shadow root, because its styles are then style sheets of the root: a style
 * element would need a nonce under the policy of the console.
 */
export function Editor({ label, text, language = 'json', remarks, write }: EditorProps) {
  const place = useRef<HTMLDivElement>(null);
  const view = useRef<EditorView | null>(null);
  const current = useRef({ label, text, language, write });
  current.current = { label, text, language, write };
  useEffect(() => {
    const host = place.current;
    if (host === null) return;
    const root = host.shadowRoot ?? host.attachShadow({ mode: 'open' });
    const made = new EditorView({
      root,
      parent: root,
      state: EditorState.create({
        doc: current.current.text,
        extensions: [
          ...extensions,
          ...(current.current.language === 'json' ? [json()] : []),
          EditorView.contentAttributes.of({ 'aria-label': current.current.label }),
          EditorView.updateListener.of((update) => report(update, current.current.write)),
        ],
      }),
    });
    view.current = made;
    return () => {
      made.destroy();
      view.current = null;
    };
  }, []);
  useEffect(() => {
    if (view.current !== null) take(view.current, text);
  }, [text]);
  useEffect(() => {
    view.current?.dispatch({ effects: setRemarks.of(remarks) });
  }, [remarks]);
  return <div ref={place} className="editor" />;
}

function report(update: ViewUpdate, write: EditorProps['write']): void {
  const isOurs = update.transactions.some((one) => one.annotation(fromOutside) === true);
  if (update.docChanged && !isOurs) write(update.state.doc.toString());
}

/** Takes over a text from outside: only what differs, so that the cursor stays. */
function take(view: EditorView, text: string): void {
  const before = view.state.doc.toString();
  if (before === text) return;
  const most = Math.min(before.length, text.length);
  let start = 0;
  while (start < most && before[start] === text[start]) start += 1;
  let end = 0;
  while (end < most - start && before[before.length - 1 - end] === text[text.length - 1 - end]) end += 1;
  const changes = { from: start, to: before.length - end, insert: text.slice(start, text.length - end) };
  view.dispatch({ changes, annotations: fromOutside.of(true) });
}

const setRemarks = StateEffect.define<readonly PlacedRemark[]>();

/** Each remark stands under the line that it is about. They move with the text until the next ones. */
const remarkField = StateField.define<DecorationSet>({
  create: () => Decoration.none,
  update(shown, { state, changes, effects }) {
    let next = shown.map(changes);
    for (const effect of effects) if (effect.is(setRemarks)) next = decorationsOf(state, effect.value);
    return next;
  },
  provide: (field) => EditorView.decorations.from(field),
});

function decorationsOf(state: EditorState, remarks: readonly PlacedRemark[]): DecorationSet {
  const ranges = remarks.flatMap(({ kind, text, line }) => {
    if (line === null || line >= state.doc.lines) return [];
    const { from, to } = state.doc.line(line + 1);
    return [
      Decoration.line({ class: `cm-${kind}` }).range(from),
      Decoration.widget({ widget: new RemarkWidget(kind, text), block: true, side: 1 }).range(to),
    ];
  });
  return Decoration.set(ranges, true);
}

class RemarkWidget extends WidgetType {
  readonly kind: string;
  readonly text: string;

  constructor(kind: string, text: string) {
    super();
    this.kind = kind;
    this.text = text;
  }

  override eq(other: RemarkWidget): boolean {
    return other.kind === this.kind && other.text === this.text;
  }

  toDOM(): HTMLElement {
    const element = document.createElement('div');
    element.className = `cm-remark cm-${this.kind}`;
    element.textContent = this.text;
    return element;
  }
}

const liquid = new MatchDecorator({
  regexp: /\{\{.*?\}\}+|\{%.*?%\}/g,
  decoration: Decoration.mark({ class: 'cm-liquid' }),
});
const liquidMarks = ViewPlugin.define(
  (view) => ({
    marks: liquid.createDeco(view),
    update(update: ViewUpdate) {
      this.marks = liquid.updateDeco(update, this.marks);
    },
  }),
  { decorations: ({ marks }) => marks },
);

const theme = EditorView.theme({
  '&': { fontSize: '12px', backgroundColor: 'transparent', color: 'var(--ink)' },
  '&.cm-focused': { outline: '2px solid var(--ink)', outlineOffset: '4px' },
  '.cm-scroller': { fontFamily: 'var(--mono)', lineHeight: '19px', fontVariantLigatures: 'none' },
  '.cm-content': { caretColor: 'var(--ink)', padding: '0' },
  '.cm-gutters': { backgroundColor: 'transparent', border: '0', color: 'var(--ink-3)' },
  '.cm-lineNumbers .cm-gutterElement': { padding: '0 12px 0 0', minWidth: '24px' },
  '.cm-cursor': { borderLeftColor: 'var(--ink)' },
  '&.cm-focused .cm-matchingBracket': { backgroundColor: 'var(--sunken)', outline: '1px solid var(--line-strong)' },
  '&.cm-focused > .cm-scroller > .cm-selectionLayer .cm-selectionBackground, ::selection': {
    backgroundColor: 'color-mix(in srgb, var(--ink) 18%, transparent)',
  },
  '.cm-liquid': { backgroundColor: 'color-mix(in srgb, var(--ember) 14%, transparent)', borderRadius: '3px' },
  '.cm-warning': { backgroundColor: 'var(--unclear-tint)' },
  '.cm-error': { backgroundColor: 'var(--failed-tint)' },
  '.cm-remark': { fontFamily: 'var(--sans)', padding: '0 6px 4px', overflowWrap: 'anywhere', whiteSpace: 'normal' },
  '.cm-remark.cm-warning': { color: 'var(--unclear)' },
  '.cm-remark.cm-error': { color: 'var(--failed)' },
});

const extensions = [
  lineNumbers(),
  history(),
  bracketMatching(),
  liquidMarks,
  remarkField,
  EditorView.lineWrapping,
  // The key of the dry run is the page's.
  keymap.of([...defaultKeymap, ...historyKeymap].filter(({ key }) => key !== 'Mod-Enter')),
  theme,
];
