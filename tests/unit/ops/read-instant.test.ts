import { expect, it } from 'vitest';
import { readInstant, TimeInputError } from '@/lib/ops/read-instant';

it.each([
  ['2027-03-01T10:00', 'Europe/Berlin', '2027-03-01T09:00:00.000Z', null],
  ['2027-03-01 10:00', 'America/New_York', '2027-03-01T15:00:00.000Z', null],
  ['2027-03-01T10:00Z', 'Europe/Berlin', '2027-03-01T10:00:00.000Z', null],
  ['2027-03-01T10:00:30+02:00', 'Europe/Berlin', '2027-03-01T08:00:30.000Z', null],
  // The clock is put forward over it.
  ['2027-03-28T02:30', 'Europe/Berlin', '2027-03-28T01:30:00.000Z', /does not exist.*03:30 is taken/],
  // The clock is put back over it: the first is taken, the second is named.
  ['2027-10-31T02:30', 'Europe/Berlin', '2027-10-31T00:30:00.000Z', /comes twice.*2027-10-31T02:30:00\+02:00.*2027-10-31T02:30:00\+01:00/],
  ['2027-04-04T01:45', 'Australia/Lord_Howe', '2027-04-03T14:45:00.000Z', /comes twice/],
])('%s in %s is %s', (text, zone, iso, note) => {
  const read = readInstant(text, zone);
  expect(new Date(read.instantMs).toISOString()).toBe(iso);
  if (note === null) expect(read.note).toBeNull();
  else expect(read.note).toMatch(note);
});

it.each(['', 'tomorrow', '2027-03-01', '2027-13-01T10:00', '10:00'])('%j is no time', (text) => {
  expect(() => readInstant(text, 'UTC')).toThrow(TimeInputError);
});
