import { CidrSet, parseIpv4, parseIpv6 } from "../core/cidr.ts";
import type { Exchange } from "./exchange.ts";
import type { LazyRequest } from "./lazy/lazy-request.ts";

/** `ipStrategy`: which address counts as the client's. */
export interface IpStrategyOptions {
  /** Above 0: the so-manieth of X-Forwarded-For, counted from the right. */
  readonly depth?: number;
  /** The rightmost of X-Forwarded-For that is not in here; ignored where `depth` is set. */
  readonly excludedIPs?: readonly string[];
  /** 1 to 128: of an IPv6 address only so many bits count. Not with `excludedIPs`. */
  readonly ipv6Subnet?: number;
}

/** The client's address, "" where the strategy finds none. */
export type IpStrategy = (request: LazyRequest, exchange: Exchange) => string;

const words = new Uint32Array(4);

/**
 * Makes a strategy; without options it is the peer's address. X-Forwarded-For is without the peer
 * here: that is appended in the proxy step. Throws an Error on options that don't work.
 * Source: Traefik's pkg/ip/strategy.go and pkg/config/dynamic/middlewares.go (IPStrategy.Get).
 */
export function ipStrategy(options: IpStrategyOptions | undefined): IpStrategy {
  const { depth = 0, excludedIPs = [], ipv6Subnet } = options ?? {};
  if (depth <= 0 && excludedIPs.length > 0) {
    const excluded = CidrSet.parse(excludedIPs);
    return (request) => rightmostOutside(forwardedFor(request), excluded);
  }
  if (ipv6Subnet !== undefined && !(ipv6Subnet > 0 && ipv6Subnet <= 128)) {
    throw new Error(`ipStrategy.ipv6Subnet: expected 1 to 128, found ${ipv6Subnet}`);
  }
  const address: IpStrategy =
    depth > 0
      ? (request) => atDepth(forwardedFor(request), depth)
      : (_request, exchange) => exchange.downstream.remote.ip;
  if (ipv6Subnet === undefined) return address;
  return (request, exchange) => ipv6Network(address(request, exchange), ipv6Subnet);
}

function forwardedFor(request: LazyRequest): string {
  return request.headerList.get("x-forwarded-for") ?? "";
}

/** The `depth`-th member of a comma-separated list from the right, "" where there are fewer. */
function atDepth(list: string, depth: number): string {
  let end = list.length;
  for (let i = 1; ; i++) {
    const comma = end === 0 ? -1 : list.lastIndexOf(",", end - 1);
    if (i === depth) return list.slice(comma + 1, end).trim();
    if (comma < 0) return "";
    end = comma;
  }
}

/** The rightmost member that is not in the set; one that is no address is in no set. */
function rightmostOutside(list: string, set: CidrSet): string {
  let end = list.length;
  while (end >= 0) {
    const comma = end === 0 ? -1 : list.lastIndexOf(",", end - 1);
    const member = list.slice(comma + 1, end).trim();
    if (member !== "" && !set.contains(member)) return member;
    end = comma;
  }
  return "";
}

/** The first address of the network that an IPv6 address is in; any other text as it is. */
function ipv6Network(ip: string, bits: number): string {
  if (parseIpv4(ip) >= 0) return ip;
  const zone = ip.indexOf("%");
  if (!parseIpv6(ip, words, zone < 0 ? ip.length : zone)) return ip;
  for (let word = 0; word < 4; word++) {
    const kept = bits - word * 32;
    if (kept <= 0) words[word] = 0;
    else if (kept < 32) words[word] &= -1 << (32 - kept);
  }
  return formatIpv6(words);
}

/** The canonical text (RFC 5952) of an IPv6 address given as four 32-bit words. */
function formatIpv6(words: Uint32Array): string {
  const groups = Array.from({ length: 8 }, (_, i) => (words[i >> 1] >>> (i & 1 ? 0 : 16)) & 0xffff);
  let longest = 1;
  let longestAt = -1;
  for (let i = 0, run = 0; i < 8; i++) {
    run = groups[i] === 0 ? run + 1 : 0;
    if (run > longest) {
      longest = run;
      longestAt = i - run + 1;
    }
  }
  const text = (from: number, to: number) =>
    groups
      .slice(from, to)
      .map((group) => group.toString(16))
      .join(":");
  return longestAt < 0 ? text(0, 8) : `${text(0, longestAt)}::${text(longestAt + longest, 8)}`;
}
