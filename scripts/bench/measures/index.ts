import type { MeasureName } from '../options';
import type { Measure } from '../session';
import { bloat } from './bloat';
import { coldStart } from './cold-start';
import { database } from './database';
import { freshness } from './freshness';
import { growth } from './growth';
import { parsing } from './parsing';
import { reach } from './reach';
import { read } from './read';
import { sweep } from './sweep';

export const MEASURES: Record<MeasureName, Measure> = { parsing, sweep, database, growth, reach, bloat, read, freshness, 'cold-start': coldStart };
