import { decodeSegment, html, type SimRequest } from '../http';
import type { Call, ProviderContext } from '../provider';
import { idLike } from '../random';
import type { CalendarState } from '../world';
import { flatten, Reactive } from './devalue';
import { ghlKey } from './identity';

/** The booking pages: HTML with the page's state in a script element. */

export function matchPage({ world }: ProviderContext, request: SimRequest): Call {
  const [widget, kind = '', id = ''] = request.segments;
  const name = decodeSegment(id) ?? '';
  let found: readonly CalendarState[] = [];
  if (widget === 'widget' && kind === 'booking') found = world.find(ghlKey.calendar(name));
  if (widget === 'widget' && kind === 'bookings') found = world.find(ghlKey.widget(name));
  if (widget === 'widget' && kind === 'group') found = world.find(ghlKey.group(name));
  const alive = found.filter(({ spec }) => !spec.deleted);
  const [first] = alive;
  return {
    endpoint: 'page',
    calendar: first,
    page: 1,
    requiredFields: [],
    answer: ({ isEmpty }) => {
      if (!first) return html('<!DOCTYPE html><html><body><h1>Page not found</h1></body></html>', 404);
      if (first.spec.credentialRequired) return html('<!DOCTYPE html><html><body>Forbidden</body></html>', 403);
      return html(pageText(first.spec.name, isEmpty ? [] : kind === 'group' ? alive : [first]));
    },
  };
}

function pageText(title: string, calendars: readonly CalendarState[]): string {
  // "</script>" inside a name must not end the element.
  const data = JSON.stringify(flatten(new Reactive({ data: pageData(calendars) }))).replaceAll('<', '\\u003C');
  return [
    '<!DOCTYPE html>',
    `<html lang="en"><head><meta charset="utf-8"><title>${title.replaceAll(/[<>&]/g, ' ')}</title></head>`,
    '<body><div id="__nuxt"></div>',
    `<script type="application/json" id="__NUXT_DATA__">${data}</script>`,
    '</body></html>',
    '',
  ].join('\n');
}

/** Calendars by id; with decoys, ids of other things that look the same stand before them. */
function pageData(calendars: readonly CalendarState[]): Record<string, unknown> {
  const data: Record<string, unknown> = {};
  for (const { spec, identity } of calendars) {
    if (spec.ghlPageIds === 'none') continue;
    if (spec.ghlPageIds === 'decoys') {
      const locationId = identity.ids.locationId ?? '';
      data[locationId] = { locationId, timezone: spec.zone };
      data[idLike.alphanumeric(`${spec.id} user`, 20)] = { userName: spec.hostName };
    }
    data[identity.ids.calendarId ?? ''] = { name: spec.name };
  }
  return data;
}
