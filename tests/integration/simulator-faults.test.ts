import http from 'node:http';
import net from 'node:net';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { FAULT_KINDS, type FaultKind, type FaultRule, type Simulator, startSimulator } from '../../scripts/simulator/server';

/** Each fault as it looks on the wire to a client that assumes nothing. */
let simulator: Simulator;
let target: string;
beforeAll(async () => {
  simulator = await startSimulator();
  const { ids } = simulator.addCalendar({ id: 'c', provider: 'calendly', zone: 'UTC' });
  target = `${simulator.origins.calendlyBooking}/api/booking/event_types/${ids.eventTypeId ?? ''}/calendar/range?timezone=UTC&range_start=2026-11-23&range_end=2026-12-20`;
});
afterEach(() => simulator.clearFaults());
afterAll(() => simulator.close());

interface Seen {
  status?: number;
  headers?: http.IncomingHttpHeaders;
  body: string;
  /** The message arrived whole, as HTTP tells it. */
  isComplete: boolean;
  errorCode?: string;
}

function look(url: string, options: { maxBytes?: number } = {}): Promise<Seen> {
  return new Promise((resolve) => {
    const seen: Seen = { body: '', isComplete: false };
    const request = http.get(url, { agent: false }, (response) => {
      seen.status = response.statusCode ?? 0;
      seen.headers = response.headers;
      response.setEncoding('utf8');
      response.on('data', (text: string) => {
        seen.body += text;
        if (seen.body.length > (options.maxBytes ?? Infinity)) request.destroy();
      });
      response.on('error', (error: NodeJS.ErrnoException) => {
        seen.errorCode = error.code ?? error.message;
      });
      response.on('close', () => {
        seen.isComplete = response.complete;
        resolve(seen);
      });
    });
    request.on('error', (error: NodeJS.ErrnoException) => {
      seen.errorCode = error.code ?? error.message;
      resolve(seen);
    });
  });
}

const isJson = (text: string): boolean => {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
};

async function lookWith(fault: FaultRule['fault'], maxBytes?: number): Promise<Seen> {
  simulator.setFaults([{ fault }]);
  return look(target, maxBytes === undefined ? {} : { maxBytes });
}

const observations: Record<FaultKind, () => Promise<void>> = {
  slow: async () => {
    const before = performance.now();
    const seen = await lookWith({ kind: 'slow', ms: 120 });
    expect(performance.now() - before).toBeGreaterThanOrEqual(115);
    expect(isJson(seen.body)).toBe(true);
  },
  hang: async () => {
    simulator.setFaults([{ fault: { kind: 'hang' } }]);
    const { hostname, port, pathname, search } = new URL(target);
    const arrived = new Promise<void>((resolve) => {
      const stop = simulator.onRequest(() => {
        stop();
        resolve();
      });
    });
    const socket = net.connect(Number(port), hostname);
    let bytes = 0;
    socket.on('data', (data) => {
      bytes += data.length;
    });
    socket.write(`GET ${pathname}${search} HTTP/1.1\r\nhost: ${hostname}\r\n\r\n`);
    await arrived;
    // Another request is answered meanwhile; the hanging one got nothing.
    simulator.clearFaults();
    expect((await look(target)).status).toBe(200);
    expect(bytes).toBe(0);
    expect(simulator.stats().byOrigin.calendlyBooking.inFlight).toBe(1);
    socket.destroy();
  },
  drip: async () => {
    const before = performance.now();
    const bytesPerSecond = 100_000;
    const seen = await lookWith({ kind: 'drip', bytesPerSecond });
    expect(isJson(seen.body)).toBe(true);
    const leastMs = (seen.body.length / bytesPerSecond - 0.15) * 1000;
    expect(performance.now() - before).toBeGreaterThan(leastMs);
  },
  reset: async () => {
    const early = await lookWith({ kind: 'reset' });
    expect(early).toMatchObject({ errorCode: 'ECONNRESET', body: '' });
    expect(early.status).toBeUndefined();
    const late = await lookWith({ kind: 'reset', when: 'mid-body' });
    expect(late).toMatchObject({ status: 200, isComplete: false, errorCode: 'ECONNRESET' });
    expect(isJson(late.body)).toBe(false);
  },
  status: async () => {
    for (const status of [401, 403, 404, 429, 500, 502, 503]) {
      const seen = await lookWith({ kind: 'status', status, retryAfterSeconds: 7 });
      expect(seen.status).toBe(status);
      expect(seen.headers?.['retry-after']).toBe('7');
      expect(JSON.parse(seen.body)).toHaveProperty('title');
    }
  },
  html: async () => {
    const seen = await lookWith({ kind: 'html' });
    expect(seen.status).toBe(200);
    expect(seen.headers?.['content-type']).toContain('text/html');
  },
  cut: async () => {
    for (const variant of ['chunked', 'short-length', 'unmarked'] as const) {
      const seen = await lookWith({ kind: 'cut', variant });
      expect(seen, variant).toMatchObject({ status: 200, isComplete: true });
      expect(seen.headers?.['content-type']).toContain('application/json');
      expect(seen.headers?.['content-length'] !== undefined).toBe(variant === 'short-length');
      expect(seen.headers?.['transfer-encoding'] !== undefined).toBe(variant === 'chunked');
      expect(seen.body.length).toBeGreaterThan(100);
      expect(isJson(seen.body)).toBe(false);
    }
    const long = await lookWith({ kind: 'cut', variant: 'long-length' });
    expect(long).toMatchObject({ status: 200, isComplete: false });
    expect(Number(long.headers?.['content-length'])).toBeGreaterThan(long.body.length);
  },
  wrong: async () => {
    const seen = await lookWith({ kind: 'wrong' });
    expect(seen.body).toContain('"start_time_v2"');
    expect(seen.body).not.toContain('"start_time"');
    const chosen = await lookWith({ kind: 'wrong', field: 'days' });
    expect(JSON.parse(chosen.body)).not.toHaveProperty('days');
  },
  huge: async () => {
    const bytes = 3 * 1024 * 1024;
    const seen = await lookWith({ kind: 'huge', bytes });
    expect(seen).toMatchObject({ status: 200, isComplete: true });
    expect(seen.body.length).toBe(bytes);
    expect(isJson(seen.body)).toBe(true);
    const declared = await lookWith({ kind: 'huge', bytes: 1e12, declareLength: true }, 1_000_000);
    expect(declared.headers?.['content-length']).toBe('1000000000000');
    expect(declared.isComplete).toBe(false);
  },
  redirect: async () => {
    const seen = await lookWith({ kind: 'redirect', location: 'https://elsewhere.test/' });
    expect(seen).toMatchObject({ status: 302, headers: { location: 'https://elsewhere.test/' } });
  },
  redirectPrivate: async () => {
    const seen = await lookWith({ kind: 'redirectPrivate' });
    expect(seen.headers?.location).toBe('http://169.254.169.254/latest/meta-data/');
    const other = await lookWith({ kind: 'redirectPrivate', location: 'http://10.0.0.1/' });
    expect(other.headers?.location).toBe('http://10.0.0.1/');
  },
  redirectLoop: async () => {
    const seen = await lookWith({ kind: 'redirectLoop' });
    expect(seen).toMatchObject({ status: 302, headers: { location: target } });
  },
  empty: async () => {
    const full = await look(target);
    const seen = await lookWith({ kind: 'empty' });
    const body = JSON.parse(seen.body) as { days: { status: string; spots: unknown[] }[] };
    expect(Object.keys(body)).toEqual(Object.keys(JSON.parse(full.body) as object));
    expect(body.days).toHaveLength(28);
    expect(body.days.every((day) => day.status === 'unavailable' && day.spots.length === 0)).toBe(true);
  },
};

describe('faults on the wire', () => {
  it.each(FAULT_KINDS.map((kind) => [kind] as const))('%s', (kind) => observations[kind]());

  it('error bodies are in the words of the host that was asked', async () => {
    simulator.setFaults([{ fault: { kind: 'status', status: 429 } }]);
    const hubspot = await look(`${simulator.origins.hubspotApi}/scheduler/v3/meetings/meeting-links`);
    expect(JSON.parse(hubspot.body)).toMatchObject({ status: 'error', errorType: 'RATE_LIMIT' });
    const ghl = await look(`${simulator.origins.ghlBackend}/calendars/x/free-slots`);
    expect(JSON.parse(ghl.body)).toMatchObject({ statusCode: 429 });
    const page = await look(`${simulator.origins.ghlBooking}/widget/booking/x`);
    expect(page).toMatchObject({ status: 429, headers: { 'content-type': 'text/html; charset=utf-8' } });
  });

  it('an empty answer of HubSpot and GHL is well-formed', async () => {
    const hubspot = simulator.addCalendar({ id: 'h', provider: 'hubspot', zone: 'UTC' });
    const ghl = simulator.addCalendar({ id: 'g', provider: 'ghl', zone: 'UTC' });
    simulator.setFaults([{ fault: { kind: 'empty' } }]);
    const month = await look(
      `${simulator.origins.hubspotMeetings}/meetings-public/v3/book/availability-page?slug=${encodeURIComponent(hubspot.ids.slug ?? '')}&timezone=UTC`,
    );
    expect(JSON.parse(month.body)).toHaveProperty('allUsersBusyTimes');
    const now = simulator.now();
    const free = await look(
      `${simulator.origins.ghlBackend}/calendars/${ghl.ids.calendarId ?? ''}/free-slots?startDate=${now}&endDate=${now + 1e9}`,
    );
    expect(Object.keys(JSON.parse(free.body) as object)).toEqual(['traceId']);
  });
});

describe('which requests a rule is for', () => {
  it('a number of times, and then no more', async () => {
    simulator.addFault({ times: 2, fault: { kind: 'status', status: 500 } });
    const statuses: (number | undefined)[] = [];
    for (let call = 0; call < 4; call += 1) statuses.push((await look(target)).status);
    expect(statuses).toEqual([500, 500, 200, 200]);
  });

  it('a share of them, the same ones for the same seed', async () => {
    const pattern = async (): Promise<(number | undefined)[]> => {
      simulator.setFaults([{ share: 0.3, fault: { kind: 'status', status: 500 } }]);
      const statuses: (number | undefined)[] = [];
      for (let call = 0; call < 100; call += 1) statuses.push((await look(target)).status);
      return statuses;
    };
    const first = await pattern();
    expect(await pattern()).toEqual(first);
    const failed = first.filter((status) => status === 500).length;
    expect(failed).toBeGreaterThan(15);
    expect(failed).toBeLessThan(45);
  });

  it('one calendar, one host, one endpoint; and it can be taken back', async () => {
    const remove = simulator.addFault({ match: { calendarId: 'other' }, fault: { kind: 'status', status: 500 } });
    simulator.addFault({ match: { origin: 'calendlyApi' }, fault: { kind: 'status', status: 500 } });
    simulator.addFault({ match: { endpoint: 'lookup' }, fault: { kind: 'status', status: 500 } });
    expect((await look(target)).status).toBe(200);
    remove();
    const undo = simulator.addFault({ match: { provider: 'calendly', endpoint: 'range' }, fault: { kind: 'status', status: 503 } });
    expect((await look(target)).status).toBe(503);
    undo();
    expect((await look(target)).status).toBe(200);
  });

  it('the second page of a fetch', async () => {
    simulator.setNow(Date.parse('2026-11-23T12:00:00Z'));
    const hubspot = simulator.addCalendar({ id: 'pages-h', provider: 'hubspot', zone: 'UTC' });
    const ghl = simulator.addCalendar({ id: 'pages-g', provider: 'ghl', zone: 'UTC' });
    simulator.setFaults([{ page: 'second', fault: { kind: 'status', status: 500 } }]);
    const month = (offset: number): string =>
      `${simulator.origins.hubspotMeetings}/meetings-public/v3/book/availability-page?slug=${encodeURIComponent(hubspot.ids.slug ?? '')}&timezone=UTC&monthOffset=${offset}`;
    const window = (days: number): string =>
      `${simulator.origins.ghlBackend}/calendars/${ghl.ids.calendarId ?? ''}/free-slots?startDate=${simulator.now() + days * 86_400_000}&endDate=${simulator.now() + (days + 15) * 86_400_000}`;
    const later = target.replace('2026-11-23', '2026-12-21').replace('2026-12-20', '2026-12-23');
    expect((await look(target)).status).toBe(200);
    expect((await look(later)).status).toBe(500);
    expect((await look(month(0))).status).toBe(200);
    expect((await look(month(1))).status).toBe(500);
    expect((await look(window(0))).status).toBe(200);
    expect((await look(window(15))).status).toBe(500);
  });
});

describe('closing', () => {
  it('does not wait for hanging, dripping or slow answers', async () => {
    const other = await startSimulator({ latency: { fixedMs: 1 } });
    const url = `${other.origins.calendlyBooking}/api/booking/profiles/x`;
    const kinds: FaultRule['fault'][] = [{ kind: 'hang' }, { kind: 'drip', bytesPerSecond: 1 }, { kind: 'slow', ms: 60_000 }];
    other.setFaults(kinds.map((fault) => ({ times: 1, fault })));
    let arrived = 0;
    const allArrived = new Promise<void>((resolve) => {
      other.onRequest(() => {
        arrived += 1;
        if (arrived === kinds.length) resolve();
      });
    });
    const looking = kinds.map(() => look(url));
    await allArrived;
    const before = performance.now();
    await other.close();
    expect(performance.now() - before).toBeLessThan(2_000);
    for (const seen of await Promise.all(looking)) expect(seen.isComplete).toBe(false);
  });
});
