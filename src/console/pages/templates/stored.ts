import { useQuery } from '@tanstack/react-query';
import { change, read } from '../../lib/api.ts';
import type { Previews } from '../../parts/message/previewed.ts';

/** A stored email template. */
export interface Template {
  email_template_id: string;
  template_name: string;
  subject: string;
  preheader: string;
  body: string;
  plaintext_body: string;
  tags: readonly string[] | null;
  updated_at: string;
}

/** A stored content block. */
export interface Block {
  content_block_id: string;
  name: string;
  content: string;
  description: string;
  state: string;
  tags: readonly string[] | null;
  last_edited: string;
  inclusion_count: number;
  inclusion_data?: readonly string[];
}

export type ListedTemplate = Pick<Template, 'email_template_id' | 'template_name' | 'tags' | 'updated_at'>;
export type ListedBlock = Omit<Block, 'content' | 'description' | 'state'> & { liquid_tag: string };

export function useTemplate(id: string) {
  return useQuery({
    queryKey: ['template', id],
    queryFn: ({ signal }) => read<Template>(`templates/email/info?email_template_id=${encodeURIComponent(id)}`, signal),
    enabled: id !== 'new',
  });
}

export function useBlock(id: string) {
  return useQuery({
    queryKey: ['block', id],
    queryFn: ({ signal }) =>
      read<Block>(`content_blocks/info?include_inclusion_data=true&content_block_id=${encodeURIComponent(id)}`, signal),
    enabled: id !== 'new',
  });
}

/** The texts of a mail, or of a block. */
export type Texts = Readonly<Record<string, string>>;

/**
 * Shows texts by the engine that sends, for a person or, with null, for somebody of whom nothing is known. A block is shown as
 * the body of a webhook, because that may hold any text.
 */
export async function previewOf(kind: 'template' | 'block', texts: Texts, person: string | null): Promise<Previews> {
  const whom = person === null ? { attributes: [{}] } : { external_user_ids: [person] };
  const messages = kind === 'template' ? { email: await mailOf(texts) } : { webhook: hookOf(texts) };
  return change<Previews>('POST', 'messages/preview', { ...whom, messages });
}

async function mailOf({ subject, preheader, body, plaintext_body }: Texts): Promise<object> {
  const { apps, default_from } = await read<{ apps: { id: string }[]; default_from: string | null }>('compose');
  return {
    ...{ app_id: apps[0]?.id, subject, body },
    ...(preheader !== '' && { preheader }),
    ...(plaintext_body !== '' && { plaintext_body }),
    ...(default_from === null && { from: 'Preview <preview@example.com>' }),
  };
}

function hookOf({ content }: Texts): object {
  return { url: 'https://example.com', request_method: 'POST', body: content };
}
