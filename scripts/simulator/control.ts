import type { IncomingMessage, ServerResponse } from 'node:http';
import { z } from 'zod';
import { EMAILBISON_HELP, emailBisonControl } from './emailbison/control';
import { faultRuleSchema } from './faults';
import { type Answer, json, parseRequest, type SimRequest } from './http';
import type { Simulator } from './server';
import { calendarSpecSchema } from './spec';

/** The control port: the in-process API over HTTP, for people and for scripts in another process. */

const HELP = `Provider simulator, control port

GET    /truth?calendar=ID&from=MS|ISO&to=MS|ISO[&now=MS|ISO][&duration=MINUTES]
GET    /clock                    POST /clock {"now": MS|ISO|null} or {"advanceMs": MS}
GET    /calendars                POST /calendars CALENDAR or [CALENDAR, ...]
POST   /bookings {"calendar": ID, "start": MS|ISO, "end": MS|ISO}    DELETE /bookings (same body)
GET    /faults                   POST /faults RULE or [RULE, ...]    DELETE /faults
GET    /stats                    POST /stats/reset
GET    /origins                  where each simulated host listens, and the app's variables
${EMAILBISON_HELP}`;

class BadRequest extends Error {}

const instant = z.union([z.number().int(), z.string()]).transform((value, context) => {
  const ms = typeof value === 'number' ? value : /^-?\d+$/.test(value) ? Number(value) : Date.parse(value);
  if (Number.isNaN(ms)) context.addIssue({ code: 'custom', message: 'epoch milliseconds or an ISO 8601 instant' });
  return ms;
});
const truthQuery = z.object({
  calendar: z.string(),
  from: instant,
  to: instant,
  now: instant.optional(),
  duration: z.coerce.number().int().positive().optional(),
});
const clockBody = z.union([z.strictObject({ now: instant.nullable() }), z.strictObject({ advanceMs: z.number().min(0) })]);
const bookingBody = z.strictObject({ calendar: z.string(), start: instant, end: instant });
const oneOrMany = <T extends z.ZodType>(schema: T) =>
  z.union([z.array(schema), schema.transform((value) => [value])]);

export function createControl(
  simulator: Simulator,
): (request: IncomingMessage, response: ServerResponse, body: string) => void {
  return (incoming, response, body) => {
    const request = parseRequest(incoming.method ?? 'GET', incoming.url ?? '/', incoming.headers, body);
    void answerTo(simulator, request).then((answer) => {
      response.writeHead(answer.status, { ...answer.headers, 'content-length': answer.body.length });
      response.end(answer.body);
    });
  };
}

async function answerTo(simulator: Simulator, request: SimRequest): Promise<Answer> {
  try {
    return (await emailBisonControl(simulator.emailbison, request)) ?? route(simulator, request);
  } catch (error) {
    return json({ error: error instanceof Error ? error.message : String(error) }, 400);
  }
}

function route(simulator: Simulator, request: SimRequest): Answer {
  switch (`${request.method} ${request.path}`) {
    case 'GET /':
      return { status: 200, headers: { 'content-type': 'text/plain; charset=utf-8' }, body: Buffer.from(HELP) };
    case 'GET /truth': {
      const query = parse(truthQuery, Object.fromEntries(request.query));
      const starts = simulator.truth(query.calendar, query.from, query.to, query.now, query.duration);
      return json({ calendar: query.calendar, now: query.now ?? simulator.now(), count: starts.length, starts });
    }
    case 'GET /clock':
      return json({ now: simulator.now() });
    case 'POST /clock': {
      const body = parse(clockBody, bodyOf(request));
      if ('now' in body) simulator.setNow(body.now);
      else simulator.advance(body.advanceMs);
      return json({ now: simulator.now() });
    }
    case 'GET /calendars':
      return json({ calendars: simulator.calendars() });
    case 'POST /calendars': {
      // Checked as a whole first: a bad one among many adds none.
      const specs = parse(oneOrMany(calendarSpecSchema), bodyOf(request));
      return json({ calendars: specs.map((spec) => simulator.addCalendar(spec)) }, 201);
    }
    case 'POST /bookings': {
      const { calendar, start, end } = parse(bookingBody, bodyOf(request));
      simulator.addBooking(calendar, start, end);
      return json({ added: true }, 201);
    }
    case 'DELETE /bookings': {
      const { calendar, start, end } = parse(bookingBody, bodyOf(request));
      return json({ removed: simulator.removeBooking(calendar, start, end) });
    }
    case 'GET /faults':
      return json({ faults: simulator.faults() });
    case 'POST /faults':
      for (const rule of parse(oneOrMany(faultRuleSchema), bodyOf(request))) simulator.addFault(rule);
      return json({ faults: simulator.faults() }, 201);
    case 'DELETE /faults':
      simulator.clearFaults();
      return json({ faults: [] });
    case 'GET /stats':
      return json(simulator.stats());
    case 'POST /stats/reset':
      simulator.resetStats();
      return json({ reset: true });
    case 'GET /origins':
      return json({ origins: simulator.origins, env: simulator.env });
    default:
      return json({ error: `No ${request.method} ${request.path}; GET / lists what there is` }, 404);
  }
}

function bodyOf(request: SimRequest): unknown {
  try {
    return JSON.parse(request.body);
  } catch {
    throw new BadRequest('The body is not JSON');
  }
}

function parse<T extends z.ZodType>(schema: T, value: unknown): z.output<T> {
  const result = schema.safeParse(value);
  if (!result.success) throw new BadRequest(z.prettifyError(result.error));
  return result.data;
}
