import { describe, expect, it } from 'vitest';
import { parseWorkspaceCsv } from '../../../scripts/workspaces/csv';

const GOOD = 'north,North Agency,Acme,https://calendly.com/acme/intro,Europe/Berlin,30';
const ACME = { agencyId: 'north', agencyName: 'North Agency', name: 'Acme', url: 'https://calendly.com/acme/intro', timezone: 'Europe/Berlin', durationMinutes: '30' };

describe('a CSV of workspaces', () => {
  it('needs no header: columns are agency id, agency name, workspace, url, zone, duration', () => {
    expect(parseWorkspaceCsv(GOOD)).toEqual([{ line: 1, workspace: ACME }]);
  });

  it('may have a header, in any order, with columns left out', () => {
    const rows = parseWorkspaceCsv('Booking URL,Time-Zone,Workspace\nhttps://calendly.com/a/b,UTC,A\nhttps://calendly.com/c/d,,C\n');
    expect(rows).toEqual([
      { line: 2, workspace: { name: 'A', url: 'https://calendly.com/a/b', timezone: 'UTC' } },
      { line: 3, workspace: { name: 'C', url: 'https://calendly.com/c/d' } },
    ]);
  });

  it.each([
    ['a byte order mark', `\uFEFFagency id,agency name,workspace,url,zone,duration\n${GOOD}`],
    ['CRLF', `agency id,agency name,workspace,url,zone,duration\r\n${GOOD}\r\n`],
    ['blank lines and lines of commas', `agency id,agency name,workspace,url,zone,duration\n\n${GOOD}\n,,,,,\n`],
    ['spaces around cells', `agency id,agency name,workspace,url,zone,duration\n${GOOD.replaceAll(',', ' , ')}`],
  ])('takes %s', (_what, text) => {
    expect(parseWorkspaceCsv(text).map((row) => row.workspace)).toEqual([ACME]);
  });

  it('takes quotes, with commas and quotes inside; refuses a line break in a name, and still numbers lines as an editor does', () => {
    const rows = parseWorkspaceCsv(`north,"North, ""the"" Agency",Acme,https://calendly.com/a/b,UTC,30\nnorth,N,"Acme\nInc",https://calendly.com/a/b,UTC,30\nnorth,N,Other,nonsense,UTC,30\n`);
    expect(rows[0]).toMatchObject({ line: 1, workspace: { agencyName: 'North, "the" Agency', name: 'Acme' } });
    expect(rows[1]).toMatchObject({ line: 2, problem: expect.stringContaining('name must have no control characters') as string });
    expect(rows[2]).toMatchObject({ line: 4, problem: expect.stringContaining('url "nonsense"') as string });
  });

  it('reports every bad line with its number and every reason, and keeps the good ones', () => {
    const rows = parseWorkspaceCsv([
      GOOD,
      'north,N,,https://calendly.com/a/b,UTC,30',
      'north,N,B,ftp://calendly.com/a,Mars/Olympus,2.5',
      'north,N,C,https://calendly.com/a/b,UTC,30,extra',
      'north,N,D,https://calendly.com/a/b,UTC,99999',
      'north,N,E',
      'north,N,Acme,https://calendly.com/x/y,UTC,30',
      'south,S,Acme,https://calendly.com/x/y,UTC,30',
    ].join('\n'));
    expect(rows.map(({ line, problem }) => [line, problem])).toEqual([
      [1, undefined],
      [2, 'name must not be empty'],
      [3, 'url "ftp://calendly.com/a" must be a booking link that begins with https://; zone "Mars/Olympus" must be an IANA zone such as Europe/Berlin or UTC; duration "2.5" must be whole minutes from 5 to 1440'],
      [4, expect.stringContaining('it has 7 cells where 6 are expected')],
      [5, 'duration "99999" must be whole minutes from 5 to 1440'],
      [6, 'url "" must be a booking link that begins with https://'],
      [7, 'workspace "Acme" of the same agency is in line 1 already'],
      [8, undefined],
    ]);
  });

  it('a quote that never closes is reported, and the lines before it are kept', () => {
    const rows = parseWorkspaceCsv(`${GOOD}\nnorth,N,"Open,https://calendly.com/a/b,UTC,30\nnorth,N,X,https://calendly.com/a/b,UTC,30\n`);
    expect(rows[0]).toEqual({ line: 1, workspace: ACME });
    expect(rows.slice(1)).toEqual([{ line: expect.any(Number) as number, problem: expect.stringMatching(/quote/i) as string }]);
  });

  it.each([
    ['', /empty/],
    ['workspace,url,colour\nA,https://calendly.com/a/b,red', /"colour", which is no column/],
    ['workspace,zone\nA,UTC', /lacks the column url/],
    ['workspace,url,link\nA,https://calendly.com/a/b,x', /names a column twice/],
  ])('refuses a file as a whole only when its columns are not known: %#', (text, message) => {
    expect(() => parseWorkspaceCsv(text)).toThrow(message);
  });
});
