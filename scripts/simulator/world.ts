import { BodyCache, type Rendered } from './body-cache';
import type { Booking } from './bookings';
import { bookableIn, calendarSalt, emptySnapshot, type Snapshot, takeSnapshot } from './calendar';
import type { Identity } from './provider';
import type { CalendarSpec, ResolvedSpec } from './spec';
import { calendarSpecSchema } from './spec';

/** All calendars, the clock, and what is remembered about them. */

export interface CalendarState {
  spec: ResolvedSpec;
  identity: Identity;
  salt: number;
  /** Never reused, so that a body rendered for a removed calendar cannot be served for its successor. */
  version: number;
  manualBookings: Booking[];
  snapshots: Map<number, Snapshot>;
}

export type Identify = (spec: ResolvedSpec) => Identity;

const DEFAULT_BODY_CACHE_BYTES = 256 * 1024 * 1024;

export class World {
  private readonly calendars = new Map<string, CalendarState>();
  private readonly index = new Map<string, CalendarState[]>();
  private readonly bodies: BodyCache;
  private fixedNowMs: number | null = null;
  private nextVersion = 1;

  constructor(
    readonly seed: number,
    private readonly clock: () => number,
    private readonly identify: Identify,
    bodyCacheBytes = DEFAULT_BODY_CACHE_BYTES,
  ) {
    this.bodies = new BodyCache(bodyCacheBytes);
  }

  now(): number {
    return this.fixedNowMs ?? this.clock();
  }

  setNow(ms: number | null): void {
    this.fixedNowMs = ms;
  }

  add(input: CalendarSpec): CalendarState {
    const spec = calendarSpecSchema.parse(input);
    if (this.calendars.has(spec.id)) throw new Error(`Calendar ${spec.id} exists already`);
    const state: CalendarState = {
      spec,
      identity: this.identify(spec),
      salt: calendarSalt(this.seed, spec.id),
      version: this.nextVersion++,
      manualBookings: [],
      snapshots: new Map(),
    };
    this.calendars.set(spec.id, state);
    this.addToIndex(state);
    return state;
  }

  update(id: string, patch: Partial<CalendarSpec>): CalendarState {
    const state = this.require(id);
    const spec = calendarSpecSchema.parse({ ...state.spec, ...patch, id });
    this.removeFromIndex(state);
    state.spec = spec;
    state.identity = this.identify(spec);
    this.addToIndex(state);
    this.touch(state);
    return state;
  }

  remove(id: string): boolean {
    const state = this.calendars.get(id);
    if (!state) return false;
    this.removeFromIndex(state);
    return this.calendars.delete(id);
  }

  get(id: string): CalendarState | undefined {
    return this.calendars.get(id);
  }

  require(id: string): CalendarState {
    const state = this.calendars.get(id);
    if (!state) throw new Error(`No calendar ${id}`);
    return state;
  }

  all(): IterableIterator<CalendarState> {
    return this.calendars.values();
  }

  /** Calendars that go by this key, in the order they were added; keys are the providers' own. */
  find(key: string): readonly CalendarState[] {
    return this.index.get(key) ?? [];
  }

  addBooking(id: string, startMs: number, endMs: number): void {
    const state = this.require(id);
    state.manualBookings.push({ startMs, endMs, arrivesAtMs: this.now() });
    this.touch(state);
  }

  /** Removes one booking of exactly these times; false if there is none. */
  removeBooking(id: string, startMs: number, endMs: number): boolean {
    const state = this.require(id);
    const booking = state.manualBookings.find((made) => made.startMs === startMs && made.endMs === endMs && made.cancelledAtMs === undefined);
    if (!booking) return false;
    booking.cancelledAtMs = this.now();
    this.touch(state);
    return true;
  }

  snapshot(state: CalendarState, durationMinutes: number, nowMs: number): Snapshot {
    const known = state.snapshots.get(durationMinutes);
    if (known && nowMs >= known.computedAtMs && nowMs < known.validUntilMs) return known;
    const snapshot = takeSnapshot(state, durationMinutes, nowMs);
    state.snapshots.set(durationMinutes, snapshot);
    return snapshot;
  }

  /** What a request sees: the snapshot, or nothing at all when the `empty` fault is in force. */
  view(state: CalendarState, durationMinutes: number, nowMs: number, isEmpty: boolean): Snapshot {
    return isEmpty ? emptySnapshot(durationMinutes, nowMs) : this.snapshot(state, durationMinutes, nowMs);
  }

  truth(id: string, fromMs: number, toMs: number, nowMs: number, durationMinutes?: number): number[] {
    const state = this.require(id);
    const duration = durationMinutes ?? state.spec.durationsMinutes[0] ?? 30;
    return bookableIn(takeSnapshot(state, duration, nowMs), fromMs, toMs);
  }

  body(state: CalendarState, key: string, nowMs: number, render: () => Rendered): Buffer {
    return this.bodies.get(`${state.spec.id}|${key}`, state.version, nowMs, render);
  }

  private touch(state: CalendarState): void {
    state.version = this.nextVersion++;
    state.snapshots.clear();
  }

  private addToIndex(state: CalendarState): void {
    for (const key of state.identity.keys) {
      const list = this.index.get(key);
      if (list) list.push(state);
      else this.index.set(key, [state]);
    }
  }

  private removeFromIndex(state: CalendarState): void {
    for (const key of state.identity.keys) {
      const rest = (this.index.get(key) ?? []).filter((other) => other !== state);
      if (rest.length > 0) this.index.set(key, rest);
      else this.index.delete(key);
    }
  }
}
