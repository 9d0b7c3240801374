/** Fields that providers state and that are stored: bounded, so that no answer can fill a row or break its column. */
import { z } from 'zod';

/** PostgreSQL stores neither NUL nor half of a surrogate pair, and an operator's terminal obeys control characters. */
const PRINTABLE = /^[^\p{Cc}\p{Cs}]*$/u;

const MAX_ID_LENGTH = 200;
/** A week: longer than any meeting, and far from the end of an integer column. */
export const MAX_MEETING_MINUTES = 7 * 24 * 60;

/** An id, a URI or a zone. */
export const storedText = z.string().min(1).max(MAX_ID_LENGTH).regex(PRINTABLE, 'has control characters');

export const meetingMinutes = z.number().int().positive().max(MAX_MEETING_MINUTES);
