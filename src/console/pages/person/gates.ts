/** A question that the server asks of each message, in its order, and the reasons with which it refuses. */
export interface GateQuestion {
  question: string;
  reasons: readonly string[];
}

export const gates: readonly GateQuestion[] = [
  { question: 'Is there such a person?', reasons: ['unknown_user'] },
  { question: 'Named once?', reasons: ['duplicate'] },
  { question: 'In the segment?', reasons: ['not_in_segment'] },
  { question: 'Fits the audience?', reasons: ['not_in_audience', 'left_audience'] },
  { question: 'Is there an address?', reasons: ['no_address'] },
  {
    question: 'Is the address usable?',
    reasons: ['hard_bounced', 'marked_spam', 'invalid_phone', 'suppressed', 'duplicate_address'],
  },
  { question: 'Is it wanted?', reasons: ['unsubscribed', 'not_opted_in'] },
  { question: 'In the group?', reasons: ['not_in_subscription_group', 'country_not_allowed'] },
  { question: 'Not in the control group?', reasons: ['control_group'] },
  { question: 'Outside quiet hours?', reasons: ['quiet_hours'] },
  { question: 'Below all caps?', reasons: ['frequency_capped'] },
  { question: 'Can it be written?', reasons: ['aborted', 'render_error', 'payload_too_large', 'content_unavailable'] },
  { question: 'In time?', reasons: ['expired', 'cancelled'] },
  { question: 'Did the provider take it?', reasons: ['provider_refused', 'address_dead', 'gave_up', 'unknown'] },
];
