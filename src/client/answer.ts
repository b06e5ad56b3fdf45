import { CressetError, NoAnswerError, type Problem } from './errors.ts';
import { retryAfterMsOf } from './retry.ts';

/** Reads an answer as JSON. Throws CressetError for a refusal, NoAnswerError for what is no JSON or too large. */
export async function readAnswer(response: Response, mostBytes: number): Promise<unknown> {
  const text = await textOf(response, mostBytes);
  const body = parsed(text);
  if (!response.ok) throw refusalOf(response, body);
  if (body === undefined)
    throw new NoAnswerError('unreadable', `the answer with status ${response.status} is not JSON`);
  return body;
}

async function textOf(response: Response, mostBytes: number): Promise<string> {
  const reader = response.body?.getReader();
  const decoder = new TextDecoder();
  let text = '';
  let bytes = 0;
  for (;;) {
    const { done, value } = (await reader?.read()) ?? { done: true, value: undefined };
    if (done || value === undefined) return text + decoder.decode();
    bytes += value.byteLength;
    if (bytes > mostBytes) {
      await reader?.cancel();
      throw new NoAnswerError('too_large', `the answer has more than ${mostBytes} bytes`);
    }
    text += decoder.decode(value, { stream: true });
  }
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function refusalOf({ status, headers }: Response, body: unknown): CressetError {
  const { message, errors } = (typeof body === 'object' && body !== null ? body : {}) as Record<string, unknown>;
  return new CressetError(typeof message === 'string' ? message : `refused with status ${status}`, {
    status,
    errors: Array.isArray(errors) ? (errors as Problem[]) : [],
    requestId: headers.get('x-request-id'),
    retryAfterMs: retryAfterMsOf(status, headers, Date.now()),
  });
}
