/**
 * The 32 bits of an IPv4 address in dotted form, or -1 where `text[start, end)` is none. Leading
 * zeros are refused: some software reads them as octal, so they don't mean one address.
 */
export function parseIpv4(text: string, start = 0, end = text.length): number {
  let address = 0;
  let octet = 0;
  let digits = 0;
  let dots = 0;
  for (let i = start; i < end; i++) {
    const digit = text.charCodeAt(i) - 0x30;
    if (digit >= 0 && digit <= 9) {
      if (digits > 0 && octet === 0) return -1;
      octet = octet * 10 + digit;
      if (octet > 255) return -1;
      digits++;
    } else if (digit === -2 && digits > 0 && dots < 3) {
      address = address * 256 + octet;
      octet = 0;
      digits = 0;
      dots++;
    } else {
      return -1;
    }
  }
  return dots === 3 && digits > 0 ? address * 256 + octet : -1;
}

const groups = new Uint16Array(8);

/**
 * Writes the four 32-bit words of an IPv6 address into `words` and returns true; false where
 * `text[0, end)` is none (RFC 4291 section 2.2, without a zone).
 */
export function parseIpv6(text: string, words: Uint32Array, end = text.length): boolean {
  let count = 0;
  let gap = -1;
  let i = 0;
  if (end < 2) return false;
  if (text.charCodeAt(0) === 0x3a) {
    if (text.charCodeAt(1) !== 0x3a) return false;
    gap = 0;
    i = 2;
  }
  while (i < end) {
    if (count === 8) return false;
    const start = i;
    let group = 0;
    for (; i < end && i - start < 5; i++) {
      const digit = hexDigit(text.charCodeAt(i));
      if (digit < 0) break;
      group = group * 16 + digit;
    }
    if (i < end && text.charCodeAt(i) === 0x2e) {
      // The last 32 bits in dotted form.
      const low = count <= 6 ? parseIpv4(text, start, end) : -1;
      if (low < 0) return false;
      groups[count++] = low >>> 16;
      groups[count++] = low & 0xffff;
      break;
    }
    if (i === start || i - start > 4) return false;
    groups[count++] = group;
    if (i === end) break;
    if (text.charCodeAt(i) !== 0x3a || ++i === end) return false;
    if (text.charCodeAt(i) === 0x3a) {
      if (gap >= 0) return false;
      gap = count;
      i++;
    }
  }
  if (gap < 0) {
    if (count !== 8) return false;
  } else {
    // "::" stands for one zero group at least.
    if (count === 8) return false;
    const zeros = 8 - count;
    groups.copyWithin(gap + zeros, gap, count);
    groups.fill(0, gap, gap + zeros);
  }
  for (let word = 0; word < 4; word++) {
    words[word] = groups[word * 2] * 0x10000 + groups[word * 2 + 1];
  }
  return true;
}

function hexDigit(code: number): number {
  if (code >= 0x30 && code <= 0x39) return code - 0x30;
  const lower = code | 0x20;
  return lower >= 0x61 && lower <= 0x66 ? lower - 0x57 : -1;
}

/** True where the words are `::ffff:0:0/96`, an IPv4 address in IPv6's clothes. */
function isMapped(words: Uint32Array): boolean {
  return words[0] === 0 && words[1] === 0 && words[2] === 0xffff;
}

/** The mask of the first `bits` bits of 32, as a signed integer. */
function mask32(bits: number): number {
  return bits <= 0 ? 0 : bits >= 32 ? -1 : -1 << (32 - bits);
}

const scratch = new Uint32Array(4);

/**
 * A set of addresses made of CIDR ranges and single addresses. An IPv4-mapped IPv6 address is the
 * IPv4 address, in ranges as well; `::/0` holds no IPv4 address (as Go's net.IPNet, hence Traefik).
 */
export class CidrSet {
  // Pairs of network and mask.
  private readonly v4: number[] = [];
  // Eight numbers a range: the network's four words, the mask's four.
  private readonly v6: number[] = [];
  // A caller tends to ask about one connection's address again.
  private lastIp = "";
  private lastAnswer = false;

  /** Throws an Error that names the text which is neither an address nor a range. */
  static parse(ranges: readonly string[]): CidrSet {
    const set = new CidrSet();
    for (const range of ranges) {
      if (!set.add(range)) {
        throw new Error(
          `${JSON.stringify(range)} is no IP address or CIDR range (expected e.g. "10.0.0.0/8", "192.0.2.1" or "2001:db8::/32")`,
        );
      }
    }
    return set;
  }

  private add(range: string): boolean {
    const slash = range.indexOf("/");
    const end = slash < 0 ? range.length : slash;
    let bits = -1;
    if (slash >= 0) {
      const text = range.slice(slash + 1);
      if (!/^(0|[1-9][0-9]{0,2})$/.test(text)) return false;
      bits = Number(text);
    }
    const v4 = parseIpv4(range, 0, end);
    if (v4 >= 0) {
      if (bits > 32) return false;
      this.addV4(v4, bits < 0 ? 32 : bits);
      return true;
    }
    if (bits > 128 || !parseIpv6(range, scratch, end)) return false;
    if (bits < 0) bits = 128;
    if (isMapped(scratch) && bits >= 96) {
      this.addV4(scratch[3], bits - 96);
      return true;
    }
    const masks = [0, 1, 2, 3].map((word) => mask32(bits - word * 32));
    this.v6.push(...masks.map((mask, word) => scratch[word] & mask), ...masks);
    return true;
  }

  private addV4(address: number, bits: number): void {
    const mask = mask32(bits);
    this.v4.push(address & mask, mask);
  }

  /** True where the address is in the set; false for text that is no address. A zone is ignored. */
  contains(ip: string): boolean {
    if (ip === this.lastIp) return this.lastAnswer;
    this.lastAnswer = this.search(ip);
    this.lastIp = ip;
    return this.lastAnswer;
  }

  private search(ip: string): boolean {
    const v4 = parseIpv4(ip);
    if (v4 >= 0) return this.hasV4(v4);
    const zone = ip.indexOf("%");
    if (!parseIpv6(ip, scratch, zone < 0 ? ip.length : zone)) return false;
    if (isMapped(scratch)) return this.hasV4(scratch[3]);
    const { v6 } = this;
    for (let i = 0; i < v6.length; i += 8) {
      if (
        (scratch[0] & v6[i + 4]) === v6[i] &&
        (scratch[1] & v6[i + 5]) === v6[i + 1] &&
        (scratch[2] & v6[i + 6]) === v6[i + 2] &&
        (scratch[3] & v6[i + 7]) === v6[i + 3]
      ) {
        return true;
      }
    }
    return false;
  }

  private hasV4(address: number): boolean {
    const { v4 } = this;
    for (let i = 0; i < v4.length; i += 2) {
      if ((address & v4[i + 1]) === v4[i]) return true;
    }
    return false;
  }
}
