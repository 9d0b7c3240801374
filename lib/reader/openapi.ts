/**
 * The API's OpenAPI 3.1 document. Bodies and answers are the zod schemas that the routes read and write; what
 * goes in an address is said here, and a test holds it to what the routes take.
 */
import { z } from 'zod';
import { DEFAULT_BOOKING_SOURCE } from '../bookings';
import { BURST_REQUESTS, SUSTAINED_REQUESTS_PER_SECOND } from './admit';
import { availabilityAnswer, SLOTS_LIMIT_MAX } from './availability';
import { bookingAnswer, bookingBody } from './bookings';
import { changesAnswer, CHANGES_LIMIT } from './changes';
import { followUpAnswer, followUpBody } from './followups';
import { problemSchema } from './problem';

type Json = Record<string, unknown>;

const ref = (name: string): Json => ({ $ref: `#/components/schemas/${name}` });

/** Without what only repeats itself (a format's pattern, the bounds of every integer), and open for fields that answers may get. */
function schemaOf(schema: z.ZodType, io: 'input' | 'output' = 'output'): Json {
  const { $schema: _dialect, ...rest } = z.toJSONSchema(schema, {
    io,
    override: ({ jsonSchema: json }) => {
      if (json.format !== undefined) delete json.pattern;
      if (json.maximum === Number.MAX_SAFE_INTEGER) delete json.maximum;
      if (json.minimum === Number.MIN_SAFE_INTEGER) delete json.minimum;
      if (io === 'output') delete json.additionalProperties;
    },
  }) as Json;
  return rest;
}

const parameter = (where: 'path' | 'query' | 'header', name: string, description: string, schema: Json): Json => ({ name, in: where, required: where === 'path', description, schema });
const header = (description: string, schema: Json): Json => ({ description, required: true, schema });
const answer = (description: string, schema: string, headers: Json = {}): Json => ({ description, headers, content: { 'application/json': { schema: ref(schema) } } });
const problem = (description: string, headers: Json = {}): Json => ({ description, headers, content: { 'application/problem+json': { schema: ref('Problem') } } });

const INSTANT = { type: 'string', format: 'date-time' };
const AGES = {
  'x-availability-as-of': { description: 'As asOf. Absent when the calendar was never read.', schema: INSTANT },
  'x-availability-age-ms': { description: 'As ageMs. Absent when the calendar was never read.', schema: { type: 'integer', minimum: 0 } },
};
const ETAG = { etag: header('Of the answer without its ages.', { type: 'string' }) };

/** What every route of a key can answer. */
const COMMON = {
  400: problem('A parameter or a field is wrong; errors names each.'),
  401: problem('No key, an unknown one, or a revoked one.', { 'www-authenticate': header('Bearer', { type: 'string' }) }),
  405: problem('No such method here.', { allow: header('The methods there are.', { type: 'string' }) }),
  429: problem(`More than ${SUSTAINED_REQUESTS_PER_SECOND} requests a second with one key, after a burst of ${BURST_REQUESTS}.`, { 'retry-after': header('Seconds.', { type: 'integer', minimum: 1 }) }),
  500: problem('A mistake of ours.'),
  503: problem('The database does not answer, or the service is not configured.', { 'retry-after': { description: 'Seconds.', schema: { type: 'integer', minimum: 1 } } }),
};

const source = { type: 'string', default: DEFAULT_BOOKING_SOURCE, pattern: '^[A-Za-z0-9][A-Za-z0-9._-]{0,49}$' };
const text = { type: 'string', minLength: 1, maxLength: 200 };
const workspaceId = parameter('path', 'workspaceId', 'A workspace of the agency.', { type: 'string' });
const externalId = parameter('path', 'externalId', 'The id of the booking where it was made.', text);

export function openApiDocument(): Json {
  return {
    openapi: '3.1.0',
    info: {
      title: 'Availability reader API', version: '1.0.0',
      description: "Open slots of an agency's workspaces, read from a cache that is refreshed every minute, the agency's bookings and its follow-ups. No request calls a calendar. HEAD works wherever GET does. Made for servers: there are no CORS headers.",
    },
    servers: [{ url: '/' }],
    security: [{ key: [] }],
    paths: {
      '/api/availability/{workspaceId}': {
        get: {
          operationId: 'getAvailability', summary: "One workspace's open slots",
          parameters: [
            workspaceId,
            parameter('query', 'from', 'Slots that start at this instant or later.', INSTANT),
            parameter('query', 'to', 'Slots that start before this instant.', INSTANT),
            parameter('query', 'limit', 'At most so many slots in the answer, the earliest; changes nothing else.', { type: 'integer', minimum: 1, maximum: SLOTS_LIMIT_MAX }),
            parameter('query', 'tz', 'An IANA time zone; adds local and label to every slot.', { type: 'string', examples: ['Europe/Berlin'] }),
            parameter('header', 'if-none-match', 'The etag of an earlier answer.', { type: 'string' }),
          ],
          responses: {
            200: answer('The slots.', 'Availability', { ...ETAG, ...AGES }),
            304: { description: 'Nothing but the ages is different; they are in the headers.', headers: { ...ETAG, ...AGES } },
            404: problem('No such workspace in this agency.'),
            ...COMMON,
          },
        },
      },
      '/api/availability': {
        get: {
          operationId: 'getChanges', summary: 'The workspaces whose slots changed, as a feed that loses no change',
          parameters: [
            parameter('query', 'changedSince', 'nextCursor of the call before; absent: from the beginning, every workspace once.', { type: 'string' }),
            parameter('query', 'limit', 'Workspaces a page.', { type: 'integer', minimum: 1, maximum: CHANGES_LIMIT.max, default: CHANGES_LIMIT.default }),
          ],
          responses: { 200: answer('The next page.', 'Changes'), ...COMMON },
        },
      },
      '/api/bookings/{externalId}': {
        put: {
          operationId: 'putBooking', summary: 'Say how a booking is now',
          description: 'May be repeated: the same booking again changes nothing. A cancelled booking is on again.',
          parameters: [externalId],
          requestBody: { required: true, content: { 'application/json': { schema: ref('BookingToStore') } } },
          responses: { 200: answer('It was known.', 'Booking'), 201: answer('It is new.', 'Booking'), 404: problem('No such workspace in this agency.'), ...COMMON },
        },
        delete: {
          operationId: 'cancelBooking', summary: 'Say that a booking is off: its time is free again',
          description: 'May be repeated.',
          parameters: [
            externalId,
            parameter('query', 'workspaceId', 'Needed when several workspaces have a booking of this id.', text),
            parameter('query', 'source', 'As it was stored.', source),
          ],
          responses: { 200: answer('It is cancelled.', 'Booking'), 404: problem('No such booking in this agency.'), ...COMMON },
        },
      },
      '/api/followups': {
        post: {
          operationId: 'addFollowUp', summary: 'Have a message sent to a lead at a time, with open times in it',
          description: 'May be repeated with an externalId: what is there stays as it is. A reply or a booking of the lead cancels it.',
          parameters: [],
          requestBody: { required: true, content: { 'application/json': { schema: ref('FollowUpToAdd') } } },
          responses: { 200: answer('It was there already.', 'FollowUp'), 201: answer('It is new.', 'FollowUp'), 404: problem('No such workspace in this agency.'), ...COMMON },
        },
      },
    },
    components: {
      securitySchemes: { key: { type: 'http', scheme: 'bearer', description: 'A key of the agency.' } },
      schemas: {
        Availability: schemaOf(availabilityAnswer),
        Changes: schemaOf(changesAnswer),
        BookingToStore: schemaOf(bookingBody, 'input'),
        Booking: schemaOf(bookingAnswer),
        FollowUpToAdd: schemaOf(followUpBody, 'input'),
        FollowUp: schemaOf(followUpAnswer),
        Problem: schemaOf(problemSchema),
      },
    },
  };
}
