import { createHmac } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { attempt } from '@/lib/follow-ups/channel';
import { CHANNELS } from '@/lib/follow-ups/channels';
import { toHtml } from '@/lib/follow-ups/emailbison';
import { signatureOf } from '@/lib/follow-ups/webhook';
import { ProviderError, type ErrorKind } from '@/lib/providers/errors';
import { normalisedType, readPayload } from '@/lib/webhooks/payload';

const errorOf = (kind: ErrorKind, status?: number, code?: string): ProviderError =>
  new ProviderError({ vendor: 'emailbison', kind, message: 'm', ...(status === undefined ? {} : { status }), cause: code === undefined ? undefined : Object.assign(new Error('socket'), { code }) });

describe('what an answer says of a delivery', () => {
  const table: [string, ProviderError, string, string][] = [
    ['429', errorOf('rate_limited', 429), 'refused', 'refused'], ['401', errorOf('unauthorized', 401), 'refused', 'refused'],
    ['404', errorOf('not_found', 404), 'refused for good', 'refused'], ['410', errorOf('not_found', 410), 'refused for good', 'refused for good'],
    ['422', errorOf('rejected_request', 422), 'refused for good', 'refused'], ['success: false', errorOf('rejected_request', 200), 'refused', 'delivered'],
    ['500', errorOf('server_error', 500), 'unclear', 'unclear'], ['504', errorOf('timeout', 504), 'unclear', 'unclear'],
    ['no connection', errorOf('network', undefined, 'ECONNREFUSED'), 'refused', 'refused'], ['no connection in time', errorOf('timeout', undefined, 'UND_ERR_CONNECT_TIMEOUT'), 'refused', 'refused'],
    ['a reset', errorOf('network', undefined, 'ECONNRESET'), 'unclear', 'unclear'], ['no answer', errorOf('timeout'), 'unclear', 'unclear'],
    ['200 and no JSON', errorOf('invalid_response', 200), 'unclear', 'delivered'], ['an address that is blocked', errorOf('blocked_address'), 'refused', 'refused'],
  ];
  it.each(table)('%s', async (_name, error, email, webhook) => {
    for (const [channel, expected] of [[CHANNELS.emailbison_reply, email], [CHANNELS.webhook, webhook]] as const) {
      const result = await attempt(() => Promise.reject(error), (thrown) => channel.resultOf(thrown), 1_000);
      expect(result.kind === 'refused' && result.isFinal ? 'refused for good' : result.kind).toBe(expected);
    }
  });

  it('a defect while sending is unclear', async () => {
    expect(await attempt(() => Promise.reject(new TypeError('x')), () => ({ kind: 'refused', isFinal: true }), 1_000)).toMatchObject({ kind: 'unclear' });
  });
});

it('signatures are those of Standard Webhooks', () => {
  const key = Buffer.from('MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw', 'base64');
  // The example of the specification.
  expect(signatureOf('whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw', 'msg_p5jXN8AQM9LWM0D4loKWxJek', '1614265330', '{"test": 2432232314}')).toBe('v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=');
  expect(signatureOf(key.toString('latin1'), 'a', '1', '{}')).toBe(`v1,${createHmac('sha256', Buffer.from(key.toString('latin1'))).update('a.1.{}').digest('base64')}`);
});

it('a message becomes paragraphs, and nothing in it becomes markup', () => {
  expect(toHtml('Hi <b>,\r\n\r\none & two\nthree')).toBe('<p>Hi &lt;b&gt;,</p><p>one &amp; two<br>three</p>');
});

it.each([
  [{ replyId: 5, replyAll: true }, true], [{ replyId: '5', senderEmailId: '7' }, true], [{ replyId: 5 }, false], [{ replyId: 5, replyAll: false }, false],
  [{ replyId: 'x', replyAll: true }, false], [{ replyId: null, replyAll: true }, false], [{ replyId: true, replyAll: true }, false], [undefined, false], ['5', false],
])('the thread %j', (thread, isRight) => {
  expect(CHANNELS.emailbison_reply.checkThread(thread) === null).toBe(isRight);
});

describe('payloads of EmailBison', () => {
  const reply = { event: { type: 'LEAD_REPLIED' }, data: { reply: { id: 55 } } };
  it.each<[unknown, object]>([
    [reply, { kind: 'reply', replyId: 55 }], [{ data: reply }, { kind: 'reply', replyId: 55 }], [{ payload: reply }, { kind: 'reply', replyId: 55 }],
    [{ ...reply, event: { type: 'lead_interested' } }, { kind: 'reply', replyId: 55 }], [{ event: { type: 'EMAIL_SENT' }, data: {} }, { kind: 'other', type: 'email_sent' }],
    [{ event: { type: 'LEAD_REPLIED' }, data: {} }, { kind: 'unreadable' }], [{ ...reply, data: { reply: { id: '../x' } } }, { kind: 'unreadable' }], [null, { kind: 'unreadable' }], [[reply], { kind: 'unreadable' }],
  ])('%j', (body, expected) => { expect(readPayload(body)).toEqual(expected); });
  it.each(['LEAD_REPLIED', 'lead_replied', 'lead.replied', ' Lead Replied '])('%s is one type', (type) => { expect(normalisedType(type)).toBe('lead_replied'); });
});
