/** One JSON object a line: a fixed event name, the run's id and counters. No secret, no personal data. */
import pino from 'pino';
import { env } from './env';

let logger: pino.Logger | undefined;

/** The process's logger. Pass the event's fixed name as the message. */
export function log(): pino.Logger {
  logger ??= pino({
    level: env().LOG_LEVEL,
    base: undefined,
    messageKey: 'event',
    timestamp: pino.stdTimeFunctions.isoTime,
    formatters: { level: (label) => ({ level: label }) },
  });
  return logger;
}
