import { describe, expect, test } from 'vitest';
import { BlockedAddressError, checkUserUrl, createExemption, createPublicConnector, isPublicAddress } from '../../../lib/providers/guard';

describe('isPublicAddress', () => {
  const publicOnes = ['1.1.1.1', '8.8.8.8', '93.184.216.34', '172.15.255.255', '172.32.0.1', '192.167.255.255', '100.63.255.255', '100.128.0.1', '198.17.255.255', '223.255.255.255', '2606:4700:4700::1111', '2a00:1450:4001:80b::200e', '::ffff:8.8.8.8', '64:ff9b::808:808'];
  test.each(publicOnes)('%s is public', (ip) => expect(isPublicAddress(ip)).toBe(true));

  const refused = [
    '0.0.0.0', '0.1.2.3', '10.0.0.1', '10.255.255.255', '100.64.0.1', '100.127.255.255', '127.0.0.1', '127.255.255.254',
    '169.254.169.254', '172.16.0.1', '172.31.255.255', '192.0.0.1', '192.0.2.1', '192.88.99.1', '192.168.0.1', '198.18.0.1',
    '198.19.255.255', '198.51.100.1', '203.0.113.1', '224.0.0.1', '239.255.255.255', '240.0.0.1', '255.255.255.255',
    '::', '::1', '::7f00:1', '::ffff:127.0.0.1', '::ffff:10.0.0.1', '::ffff:a9fe:a9fe', '64:ff9b::a00:1', '64:ff9b::7f00:1',
    '64:ff9b:1::1', '2002:a00:1::1', '2002:808:808::1', '2001::1', '2001:0:4136:e378:8000:63bf:3fff:fdd2', '2001:db8::1', '3fff::1',
    '100::1', 'fc00::1', 'fd12:3456:789a::1', 'fe80::1', 'fe80::1%eth0', 'fec0::1', 'ff02::1', '4000::1', '5f00::1',
    '', 'localhost', '127.1', '0x7f000001', '2130706433', '010.0.0.1', '1.1.1.1 ', '[::1]', '1.1.1',
  ];
  test.each(refused)('%s is not', (ip) => expect(isPublicAddress(ip)).toBe(false));
});

describe('checkUserUrl', () => {
  const allowed = ['https://book.agency.example/widget/booking/x', 'https://BOOK.Agency.example./', 'https://agency.example:443/x', 'https://8.8.8.8/', 'https://[2606:4700::1111]/', 'https://internal.example.com/', 'https://xn--bcher-kva.example/'];
  test.each(allowed)('%s may be fetched', (url) => expect(checkUserUrl(new URL(url))).toBeUndefined());

  const refused: [url: string, why: RegExp][] = [
    ['http://agency.example/', /https/],
    ['ftp://agency.example/', /https/],
    ['https://agency.example:8443/', /443/],
    ['https://user:secret@agency.example/', /password/],
    ['https://user@agency.example/', /user name/],
    ['https://127.0.0.1/', /not public/],
    ['https://2130706433/', /not public/],
    ['https://0x7f.1/', /not public/],
    ['https://0177.0.0.1/', /not public/],
    ['https://127.1/', /not public/],
    ['https://127.0.0.1./', /not public/],
    ['https://①②⑦.0.0.1/', /not public/],
    ['https://0/', /not public/],
    ['https://169.254.169.254/latest/meta-data', /not public/],
    ['https://[::1]/', /not public/],
    ['https://[::ffff:169.254.169.254]/', /not public/],
    ['https://[fd00::1]/', /not public/],
    ['https://localhost/', /no domain/],
    ['https://LOCALHOST./', /no domain/],
    ['https://intranet/', /no domain/],
    ['https://app.localhost/', /private name/],
    ['https://printer.local/', /private name/],
    ['https://metadata.google.internal/', /private name/],
    ['https://metadata.google.internal./', /private name/],
  ];
  test.each(refused)('%s may not', (url, why) => expect(checkUserUrl(new URL(url))).toMatch(why));
});

describe('createExemption', () => {
  const isExempt = createExemption([' Proxy.Corp ', '127.0.0.1:4010', 'secure.corp:443', '[::1]:4011', '']);
  const table: [url: string, expected: boolean][] = [
    ['http://proxy.corp:9999/', true],
    ['https://proxy.corp/', true],
    ['https://x.proxy.corp/', false],
    ['http://127.0.0.1:4010/', true],
    ['http://127.0.0.1:4011/', false],
    ['https://secure.corp/', true],
    ['http://secure.corp/', false],
    ['http://[::1]:4011/', true],
    ['https://agency.example/', false],
  ];
  test.each(table)('%s: %s', (url, expected) => expect(isExempt(new URL(url))).toBe(expected));
});

describe('createPublicConnector', () => {
  function connect(hostname: string, addresses: string[]): Promise<{ error: Error | null; lookups: number }> {
    let lookups = 0;
    const connector = createPublicConnector(1000, () => {
      lookups += 1;
      return Promise.resolve(addresses.map((address) => ({ address, family: address.includes(':') ? 6 : 4 })));
    });
    return new Promise((resolve) => {
      connector({ hostname, host: hostname, protocol: 'https:', port: '443' }, (...[error]) => resolve({ error, lookups }));
    });
  }

  test.each([[['10.0.0.1']], [['93.184.216.34', '10.0.0.1']], [['::1', '2606:4700::1111']], [[]]])('a name that leads to %j is refused after one look', async (addresses) => {
    const { error, lookups } = await connect('book.agency.example', addresses);
    expect(error).toBeInstanceOf(BlockedAddressError);
    expect(error?.message).toContain('book.agency.example');
    expect(error?.message).not.toMatch(/10\.0\.0\.1|::1/);
    expect(lookups).toBe(1);
  });

  test('a literal private address is refused without a look', async () => {
    const { error, lookups } = await connect('127.0.0.1', ['93.184.216.34']);
    expect(error).toBeInstanceOf(BlockedAddressError);
    expect(lookups).toBe(0);
  });
});
