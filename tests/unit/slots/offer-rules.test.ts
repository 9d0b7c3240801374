import { describe, expect, it } from 'vitest';
import { checkOfferRules, localeSchema, NO_OFFER_RULES, preferredDaysSchema, withinDaysSchema } from '@/lib/slots/offer-rules';

describe('rules as stored', () => {
  it('nothing stored is any hour, no weekends, no day before another', () => {
    expect(checkOfferRules(NO_OFFER_RULES)).toEqual({ kind: 'valid', rules: { hours: null, weekends: false, prefer: {}, locale: null } });
  });

  it('what prefers is passed on, and only that', () => {
    expect(checkOfferRules({ ...NO_OFFER_RULES, preferredDays: ['tue'], offerWithinDays: 7 })).toMatchObject({ rules: { prefer: { weekdays: ['tue'], withinDays: 7 } } });
    expect(checkOfferRules({ ...NO_OFFER_RULES, offerWithinDays: 7 })).toMatchObject({ rules: { prefer: { withinDays: 7 } } });
  });

  it.each([
    [{ workingHours: { monday: [] } }, 'Working hours cannot be read: "monday" is not a day'],
    [{ preferredDays: ['tuesday'] }, 'Preferred times cannot be read: preferred days must be a list of mon, tue'],
    [{ offerWithinDays: 0 }, 'Preferred times cannot be read: the nearness must be whole days from 1 to 90'],
  ])('what cannot be read allows nothing: %j', (stored, problem) => {
    expect(checkOfferRules({ ...NO_OFFER_RULES, ...stored })).toEqual({ kind: 'invalid', problem: expect.stringContaining(problem) as string });
  });
});

describe('rules as given', () => {
  it.each([[['thu', 'tue'], ['tue', 'thu']], [['sun'], ['sun']]])('preferred days %j are kept in the order of the week', (given, kept) => {
    expect(preferredDaysSchema.parse(given)).toEqual(kept);
  });

  it.each([[[]], [['tue', 'tue']], [['Tue']], ['tue'], [[2]]])('preferred days %j are refused', (given) => {
    expect(preferredDaysSchema.safeParse(given).success).toBe(false);
  });

  it.each([['de-de', 'de-DE'], [' en ', 'en'], ['pt_BR', null], ['', null], ['klingon', null], ['xx-YY', null]])('locale %j becomes %j', (given, kept) => {
    const parsed = localeSchema.safeParse(given);
    expect(parsed.success ? parsed.data : null).toBe(kept);
  });

  it.each([[1, true], ['14', true], [90, true], [0, false], [91, false], [1.5, false], ['soon', false]])('nearness %j is accepted: %j', (given, isAccepted) => {
    expect(withinDaysSchema.safeParse(given).success).toBe(isAccepted);
  });
});
