import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Simulator, startSimulator } from '../../scripts/simulator/server';

let simulator: Simulator;
beforeAll(async () => {
  simulator = await startSimulator({ now: () => Date.parse('2026-11-23T12:00:00Z') });
});
afterAll(() => simulator.close());

async function call(method: string, path: string, body?: unknown): Promise<{ status: number; body: unknown }> {
  const response = await fetch(`${simulator.origins.control}${path}`, {
    method,
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  return { status: response.status, body: await response.json() };
}

describe('the control port', () => {
  it('helps', async () => {
    const response = await fetch(simulator.origins.control);
    expect(await response.text()).toContain('GET    /truth');
  });

  it('adds calendars, tells their links and their truth, and takes bookings', async () => {
    const added = await call('POST', '/calendars', [
      { id: 'a', provider: 'ghl', zone: 'UTC' },
      { id: 'b', provider: 'hubspot', zone: 'Europe/Paris', workingHours: { mon: [['09:00', '10:00']] } },
    ]);
    expect(added).toMatchObject({ status: 201, body: { calendars: [{ id: 'a' }, { id: 'b' }] } });
    expect(await call('GET', '/calendars')).toMatchObject({
      body: { calendars: [{ links: { booking: simulator.calendar('a').url } }, { id: 'b' }] },
    });
    const truth = '/truth?calendar=a&from=2026-11-24T00:00:00Z&to=2026-11-25T00:00:00Z';
    expect(await call('GET', truth)).toMatchObject({ body: { count: 16 } });
    const booking = { calendar: 'a', start: '2026-11-24T10:00:00Z', end: '2026-11-24T10:30:00Z' };
    expect((await call('POST', '/bookings', booking)).status).toBe(201);
    expect(await call('GET', truth)).toMatchObject({ body: { count: 15 } });
    expect(await call('DELETE', '/bookings', booking)).toMatchObject({ body: { removed: true } });
    expect(await call('GET', `${truth}&now=2026-11-24T12:00:00Z`)).toMatchObject({ body: { count: 9 } });
  });

  it('sets the clock, faults and counters', async () => {
    expect(await call('POST', '/clock', { now: '2027-01-01T00:00:00Z' })).toMatchObject({ body: { now: Date.UTC(2027, 0, 1) } });
    expect(simulator.now()).toBe(Date.UTC(2027, 0, 1));
    await call('POST', '/clock', { now: null });
    expect(await call('GET', '/clock')).toMatchObject({ body: { now: Date.parse('2026-11-23T12:00:00Z') } });

    await call('POST', '/faults', { times: 1, fault: { kind: 'status', status: 503 } });
    const response = await fetch(`${simulator.origins.ghlBackend}/calendars/x/free-slots`);
    expect(response.status).toBe(503);
    await response.arrayBuffer();
    expect(await call('GET', '/faults')).toMatchObject({ body: { faults: [{ happened: 1 }] } });
    await call('DELETE', '/faults');
    expect(simulator.faults()).toEqual([]);

    expect(await call('GET', '/stats')).toMatchObject({ body: { byOrigin: { ghlBackend: { requests: 1 } } } });
    await call('POST', '/stats/reset');
    expect(simulator.stats().byOrigin.ghlBackend.requests).toBe(0);
  });

  it('says what is wrong with what it was sent', async () => {
    const before = simulator.calendars().length;
    const bad = await call('POST', '/calendars', [
      { id: 'ok', provider: 'ghl', zone: 'UTC' },
      { id: 'z', provider: 'ghl', zone: 'Mars/Olympus' },
    ]);
    expect(bad.status).toBe(400);
    expect(JSON.stringify(bad.body)).toContain('not an IANA time zone');
    expect(simulator.calendars()).toHaveLength(before);
    expect((await call('POST', '/faults', { fault: { kind: 'nonsense' } })).status).toBe(400);
    expect((await call('GET', '/truth?calendar=nobody&from=0&to=1')).status).toBe(400);
    expect((await call('POST', '/clock', { now: 'yesterday' })).status).toBe(400);
    expect((await call('GET', '/nothing')).status).toBe(404);
  });
});
