/** `PUT` and `DELETE /api/bookings/{externalId}`: an agency's tool says what was booked, and what is off. */
import { millisecondsInHour as HOUR_MS } from 'date-fns/constants';
import { z } from 'zod';
import { cancelBooking, DEFAULT_BOOKING_SOURCE, putBooking, type StoredBooking } from '../bookings';
import { lastSegment, type ApiHandler } from './api-route';
import { givenText, instant, readJsonBody, readParameters } from './input';
import { badRequest, bookingNotFound, workspaceNotFound } from './problem';

/** A wrong year would take every time until then. */
const MAX_LENGTH_DAYS = 31;
const MAX_EMAIL_LENGTH = 254;

const source = z.string('must be a text').trim().regex(/^[A-Za-z0-9][A-Za-z0-9._-]{0,49}$/, 'must have 1 to 50 letters, digits, dots, dashes or underscores');
const leadEmail = z.email('must be an e-mail address').max(MAX_EMAIL_LENGTH, `must have at most ${MAX_EMAIL_LENGTH} characters`);
const externalIdText = givenText(200);

const bookingFields = z.strictObject({
  workspaceId: givenText(200).describe('The workspace whose time is taken.'),
  leadEmail: leadEmail.nullish().describe('Who booked, when known. Their pending follow-ups are cancelled and their open offers end.'),
  startsAt: instant.describe('ISO 8601 with a zone.'),
  endsAt: instant.describe(`After startsAt, and at most ${MAX_LENGTH_DAYS} days after.`),
  source: source.default(DEFAULT_BOOKING_SOURCE).describe('The tool that the id is of: two tools may use the same ids.'),
});

export const bookingBody = bookingFields.superRefine(({ startsAt, endsAt }, ctx) => {
  const add = (message: string): void => { ctx.addIssue({ code: 'custom', path: ['endsAt'], message }); };
  if (endsAt <= startsAt) add('must be after startsAt');
  else if (endsAt - startsAt > MAX_LENGTH_DAYS * 24 * HOUR_MS) add(`must be at most ${MAX_LENGTH_DAYS} days after startsAt`);
}).meta({ title: 'Booking to store' });

export const cancelParameters = z.strictObject({ workspaceId: givenText(200).optional(), source: source.default(DEFAULT_BOOKING_SOURCE) });

export const bookingAnswer = z.strictObject({
  externalId: z.string(),
  workspaceId: z.string(),
  source: z.string(),
  leadEmail: z.string().nullable().describe('In lower case.'),
  startsAt: z.iso.datetime(),
  endsAt: z.iso.datetime(),
  cancelledAt: z.iso.datetime().nullable().describe('A cancelled booking takes no time.'),
}).meta({ title: 'Booking' });

export const putBookingHandler: ApiHandler = async ({ request, url, agencyId, deps }) => {
  const externalId = externalIdOf(url);
  const { leadEmail: email, ...body } = await readJsonBody(bookingBody, request);
  const put = await putBooking(deps.db, { ...body, externalId, leadEmail: email ?? null }, { agencyId });
  if (put.kind === 'no_workspace') throw workspaceNotFound();
  return answer(put.booking, put.kind === 'created' ? 201 : 200);
};

export const deleteBookingHandler: ApiHandler = async ({ url, agencyId, deps }) => {
  const externalId = externalIdOf(url);
  const { workspaceId, source: from } = readParameters(cancelParameters, url.searchParams);
  const cancelled = await cancelBooking(deps.db, { workspaceId: workspaceId ?? null, source: from, externalId }, { agencyId });
  if (cancelled.kind === 'not_found') throw bookingNotFound();
  if (cancelled.kind === 'ambiguous') throw badRequest([{ field: 'workspaceId', message: 'is needed: several workspaces have a booking of this id' }]);
  return answer(cancelled.booking, 200);
};

function externalIdOf(url: URL): string {
  const segment = lastSegment(url);
  if (segment === null) throw badRequest([{ field: 'externalId', message: 'must be percent-encoded UTF-8' }]);
  const parsed = externalIdText.safeParse(segment);
  if (parsed.success) return parsed.data;
  throw badRequest(parsed.error.issues.map(({ message }) => ({ field: 'externalId', message })));
}

function answer({ externalId, workspaceId, source: from, leadEmail: email, startsAt, endsAt, cancelledAt }: StoredBooking, status: number): Response {
  const body: z.infer<typeof bookingAnswer> = {
    externalId, workspaceId, source: from, leadEmail: email,
    startsAt: new Date(startsAt).toISOString(), endsAt: new Date(endsAt).toISOString(),
    cancelledAt: cancelledAt === null ? null : new Date(cancelledAt).toISOString(),
  };
  return Response.json(body, { status, headers: { 'cache-control': 'no-store' } });
}
