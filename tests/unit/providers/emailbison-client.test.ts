import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { createEmailBison, variableOf, type EmailBison } from '@/lib/providers/emailbison/client';
import { createLane } from '@/lib/providers/emailbison/lane';
import { retryDelayMs } from '@/lib/providers/emailbison/retry';
import { ProviderError } from '@/lib/providers/errors';
import type { ApiClient, ApiRequest } from '@/lib/providers/types';

const fixture = (name: string): Record<string, unknown> => JSON.parse(readFileSync(join(import.meta.dirname, '../../fixtures/emailbison', `${name}.json`), 'utf8')) as Record<string, unknown>;

type Asked = Omit<ApiRequest<unknown>, 'schema'>;

function clientOf(answer: (asked: Asked, tries: number) => unknown): { bison: EmailBison; asked: Asked[] } {
  const asked: Asked[] = [];
  const http: ApiClient = {
    send: ({ schema, ...request }) => Promise.resolve().then(() => {
      asked.push(request);
      const given = answer(request, asked.length);
      if (given instanceof Error) throw given;
      const checked = schema.safeParse(structuredClone(given));
      if (checked.success) return checked.data;
      throw new ProviderError({ vendor: 'emailbison', kind: 'invalid_response', message: checked.error.issues[0]?.path.map(String).join('.') ?? '' });
    }),
  };
  const lane = createLane({ timeLeftMs: () => 5_000, random: () => 0 });
  return { asked, bison: createEmailBison({ http, baseUrl: 'https://bison.test/', token: 't', lane, signal: new AbortController().signal }) };
}

const page = (data: unknown[], current: number, last: number, next: string | null = null): unknown => ({ data, links: { next }, meta: { current_page: current, last_page: last } });
const campaign = (id: number): unknown => ({ id, name: 'Q4', status: 'Active' });
const pageOf = ({ url }: Asked): number => Number(url.searchParams.get('page'));
const kindOf = async (promise: Promise<unknown>): Promise<string> => await promise.then(() => 'none', (error: unknown) => (error instanceof ProviderError ? error.kind : String(error)));

describe('all pages', () => {
  it('are read by number, guarded, and a row that comes twice is one', async () => {
    const { bison, asked } = clientOf((request) => page([campaign(pageOf(request)), campaign(1)], pageOf(request), 40, 'https://elsewhere.test/?page=2'));
    expect(await bison.campaigns()).toHaveLength(40);
    expect(asked.every(({ url, guarded, credential, vendor }) => url.origin === 'https://bison.test' && guarded === true && credential === 't' && vendor === 'emailbison')).toBe(true);
  });

  it('also those that are added meanwhile', async () => {
    const { bison } = clientOf((request) => page([campaign(pageOf(request))], pageOf(request), pageOf(request) === 1 ? 2 : 3));
    expect(await bison.campaigns()).toHaveLength(3);
  });

  it.each([
    ['a missing meta', () => ({ data: [campaign(1)], links: { next: null } })],
    ['a page that comes again and again', () => page([campaign(1)], 1, 3)],
    ['a list without an end', (request: Asked) => page([campaign(1)], pageOf(request), 1_000_000)],
    ['a bare list', () => [campaign(1)]],
  ])('%s is an invalid answer, not a short list', async (_name, answer) => {
    expect(await kindOf(clientOf(answer).bison.campaigns())).toBe('invalid_response');
  });

  it('one page that fails fails the list', async () => {
    const { bison } = clientOf((request) => (pageOf(request) === 2 ? new ProviderError({ vendor: 'emailbison', kind: 'not_found', message: '' }) : page([campaign(1)], pageOf(request), 3)));
    expect(await kindOf(bison.campaigns())).toBe('not_found');
  });
});

describe('fixtures', () => {
  it('are read: statuses normalised, the UTC field, only scheduled rows of the campaign', async () => {
    expect(await clientOf(() => fixture('campaigns')).bison.campaigns()).toMatchObject([{ id: '12', status: 'active' }]);
    const [lead] = await clientOf(() => fixture('campaign-leads')).bison.campaignLeads('12');
    expect(lead).toMatchObject({ id: '900', lead_campaign_data: [{ campaign_id: '3', emails_sent: 4 }, { campaign_id: '12', emails_sent: 0 }] });
    expect(lead && variableOf(lead, 'AVAILABILITY_SLOT')).toBe('some time next week');
    const rows = await clientOf(() => fixture('scheduled-emails')).bison.scheduledEmails('12');
    expect(rows).toMatchObject([{ id: '7001', leadId: '900', status: 'scheduled', scheduled_date: Date.parse('2026-11-23T12:12:00Z') }]);
  });

  it('a wall clock in the place of the instant is refused', async () => {
    const wrong = fixture('scheduled-emails');
    Object.assign((wrong.data as object[])[0] ?? {}, { scheduled_date: '2026-11-23 07:12:00' });
    expect(await kindOf(clientOf(() => wrong).bison.scheduledEmails('12'))).toBe('invalid_response');
  });

  it('the write is the one variable', async () => {
    const { bison, asked } = clientOf(() => fixture('lead'));
    await bison.setVariable('900', 'availability_slot', 'does 10am on Tuesday, November 24th work?');
    expect(asked[0]).toMatchObject({ method: 'PATCH', body: fixture('patch-lead-request') });
    expect(asked[0]?.url.href).toBe('https://bison.test/api/leads/900');
  });

  // Deleting any of these leaves an answer that can still be used.
  const OPTIONAL = new Set(['links', 'uuid', 'emails_sent', 'total_leads', 'from', 'per_page', 'to', 'total', 'first_name', 'last_name', 'replies', 'sender_email', 'sequence_step_id', 'email_subject', 'email_body', 'scheduled_date_local', 'sent_at', 'thread_reply', 'company', 'title', 'first', 'last', 'prev', 'next', 'industry']);
  const calls: [string, (bison: EmailBison) => Promise<unknown>, Set<string>][] = [
    ['campaigns', (bison) => bison.campaigns(), OPTIONAL],
    // A lead's own status is not read; that of its campaign is, and so is how many emails it was sent there.
    ['campaign-leads', (bison) => bison.campaignLeads('12'), new Set([...OPTIONAL].filter((key) => key !== 'emails_sent'))],
    ['scheduled-emails', (bison) => bison.scheduledEmails('12'), OPTIONAL],
    ['lead', (bison) => bison.lead('900'), OPTIONAL],
  ];
  it.each(calls)('%s: every field that is read is required', async (name, call, optional) => {
    for (const path of pathsOf(fixture(name))) {
      const key = String(path.at(-1));
      const body = fixture(name);
      deleteAt(body, path);
      const kind = await kindOf(call(clientOf(() => body).bison));
      const isUnread = optional.has(key) || path.includes('sender_email') || (name === 'campaign-leads' && path.join('.') === 'data.0.status');
      expect(`${path.join('.')}: ${kind}`).toBe(`${path.join('.')}: ${isUnread ? 'none' : 'invalid_response'}`);
    }
  });
});

function* pathsOf(value: unknown, path: (string | number)[] = []): Generator<(string | number)[]> {
  if (Array.isArray(value)) for (const [index, item] of value.entries()) yield* pathsOf(item, [...path, index]);
  else if (typeof value === 'object' && value !== null) {
    for (const [key, item] of Object.entries(value)) {
      yield [...path, key];
      yield* pathsOf(item, [...path, key]);
    }
  }
}

function deleteAt(value: unknown, path: readonly (string | number)[]): void {
  let at = value as Record<string | number, unknown>;
  for (const key of path.slice(0, -1)) at = at[key] as Record<string | number, unknown>;
  Reflect.deleteProperty(at, path.at(-1) ?? '');
}

describe('refusals and retries', () => {
  const failure = (kind: 'rate_limited' | 'server_error' | 'rejected_request', retryAfterMs?: number): ProviderError =>
    new ProviderError({ vendor: 'emailbison', kind, message: kind, ...(retryAfterMs === undefined ? {} : { retryAfterMs }) });

  it('a success of status 200 that says it was none is a refusal', async () => {
    expect(await kindOf(clientOf(() => fixture('error-not-found')).bison.lead('900'))).toBe('rejected_request');
    expect(await kindOf(clientOf(() => ({ data: { success: false, message: 'no' } })).bison.setVariable('900', 'availability_slot', 'x'))).toBe('rejected_request');
  });

  it('429 and 5xx are tried again, and a creation only when it was certainly not done', async () => {
    const again = clientOf((_request, tries) => (tries === 1 ? failure('rate_limited', 10) : tries === 2 ? failure('server_error') : fixture('lead')));
    expect((await again.bison.setVariable('900', 'availability_slot', 'x')).id).toBe('900');
    expect(again.asked).toHaveLength(3);
    const creation = clientOf(() => failure('server_error'));
    expect(await kindOf(creation.bison.createCustomVariable('availability_slot'))).toBe('server_error');
    expect(creation.asked).toHaveLength(1);
  });

  it.each([
    ['told to wait, with time left', { kind: 'rate_limited', retryAfterMs: 3_000, tries: 9, timeLeftMs: 10_000 }, 3_000],
    ['told to wait beyond the deadline', { kind: 'rate_limited', retryAfterMs: 30_000, tries: 1, timeLeftMs: 10_000 }, undefined],
    ['a server error the first time', { kind: 'server_error', retryAfterMs: undefined, tries: 1, timeLeftMs: 10_000 }, 400],
    ['a server error too often: it may be our own missing field', { kind: 'server_error', retryAfterMs: undefined, tries: 3, timeLeftMs: 10_000 }, undefined],
    ['a refusal', { kind: 'rejected_request', retryAfterMs: undefined, tries: 1, timeLeftMs: 10_000 }, undefined],
  ] as const)('%s', (_name, tried, expected) => { expect(retryDelayMs(tried, 0)).toBe(expected); });
});
