import { lookup } from 'node:dns';
import { isIP, type LookupFunction } from 'node:net';
import ipaddr from 'ipaddr.js';
import { buildConnector } from 'undici';

/**
 * What a host that somebody typed into a form may point at: https on port 443, at public addresses.
 * The address is judged where the connection is made, so a name that answers differently the second
 * time (rebinding) cannot get past.
 */

/** Name endings that never belong to a public host, whatever a resolver on this network says. */
const PRIVATE_SUFFIXES = ['localhost', 'local', 'internal', 'intranet', 'lan', 'home', 'corp', 'home.arpa', 'onion', 'test', 'invalid'];

const IPV6_GLOBAL_UNICAST = ipaddr.IPv6.parseCIDR('2000::/3');
/** NAT64: how an IPv6-only network reaches an IPv4 host; the last 32 bits are that host. */
const IPV6_NAT64 = ipaddr.IPv6.parseCIDR('64:ff9b::/96');

/** True only for a global unicast address. What cannot be read as an address is not one. */
export function isPublicAddress(ip: string): boolean {
  if (isIP(ip) === 0 || ip.includes('%')) return false;
  const address = ipaddr.parse(ip);
  if (address instanceof ipaddr.IPv4) return address.range() === 'unicast';
  if (address.isIPv4MappedAddress()) return isPublicAddress(address.toIPv4Address().toString());
  if (address.match(IPV6_NAT64)) return isPublicAddress(address.toByteArray().slice(12).join('.'));
  // 6to4, Teredo and the other tunnels are ranges of their own here, hence refused whatever they embed.
  return address.match(IPV6_GLOBAL_UNICAST) && address.range() === 'unicast';
}

/** Why a user-given URL must not be fetched, or undefined. No I/O: the addresses are judged by `createPublicConnector`. */
export function checkUserUrl(url: URL): string | undefined {
  if (url.protocol !== 'https:') return 'only https is allowed';
  if (url.username !== '' || url.password !== '') return 'a user name or password in the address is not allowed';
  if (url.port !== '') return 'only port 443 is allowed';
  // The URL parser has turned decimal, octal and hexadecimal hosts into plain IPv4 by now.
  const host = url.hostname.replace(/^\[|\]$/g, '').replace(/\.$/, '').toLowerCase();
  if (isIP(host) !== 0) return isPublicAddress(host) ? undefined : 'the address is not public';
  if (!host.includes('.')) return 'the host has no domain';
  if (PRIVATE_SUFFIXES.some((suffix) => host.endsWith(`.${suffix}`))) return 'the host is a private name';
  return undefined;
}

/** Hosts exempt from the guard, from `host` and `host:port` entries (OUTBOUND_ALLOW_HOSTS). */
export function createExemption(allowHosts: readonly string[]): (url: URL) => boolean {
  const exempt = new Set(allowHosts.map((entry) => entry.trim().toLowerCase()).filter((entry) => entry !== ''));
  return (url) => {
    const port = url.port === '' ? (url.protocol === 'https:' ? '443' : '80') : url.port;
    return exempt.has(url.hostname) || exempt.has(`${url.hostname}:${port}`);
  };
}

/** Thrown while connecting; names the host, never the address behind it (that would map our network). */
export class BlockedAddressError extends Error {
  constructor(readonly host: string) {
    super(`${host} does not lead to public addresses only`);
    this.name = 'BlockedAddressError';
  }
}

/** All addresses of a name. */
export type Resolve = (hostname: string) => Promise<{ address: string; family: number }[]>;

const resolveAll: Resolve = (hostname) =>
  new Promise((resolve, reject) => {
    lookup(hostname, { all: true }, (error, addresses) => {
      if (error) reject(error);
      else resolve(addresses);
    });
  });

/**
 * A connector that resolves a host once, refuses it if any of its addresses is not public, and hands the
 * checked addresses themselves to the socket.
 */
export function createPublicConnector(timeoutMs: number, resolve: Resolve = resolveAll): buildConnector.connector {
  const lookupPublic: LookupFunction = (hostname, options, callback) => {
    resolve(hostname).then(
      (addresses) => {
        const [first] = addresses;
        if (first === undefined || !addresses.every(({ address }) => isPublicAddress(address))) {
          callback(new BlockedAddressError(hostname), '', 0);
        } else if (options.all === true) callback(null, addresses);
        else callback(null, first.address, first.family);
      },
      (error: unknown) => callback(error instanceof Error ? error : new Error(String(error)), '', 0),
    );
  };
  const connect = buildConnector({ timeout: timeoutMs, lookup: lookupPublic });
  return (options, callback) => {
    // A socket given a literal address asks no resolver.
    if (isIP(options.hostname) !== 0 && !isPublicAddress(options.hostname)) callback(new BlockedAddressError(options.hostname), null);
    else connect(options, callback);
  };
}
