import { describe, expect, test } from "bun:test";
import { staticErrors } from "./errors-of.ts";

const REFUSED = "known to Traefik, not supported by Sluice yet";
const entryPoint = (lines: string) => `entryPoints:\n  web:\n    address: ":80"\n${lines}`;

describe("a static configuration says where and what", () => {
  const cases: [name: string, yaml: string, expected: string[]][] = [
    [
      "an unknown key, with the nearest one",
      "entrypoint:\n  web: {}\n",
      ['1:1: entrypoint: unknown key "entrypoint", did you mean "entryPoints"?; it is ignored'],
    ],
    [
      "a misspelt key far below",
      entryPoint("    transport:\n      respondingTimeout:\n        readTimeout: 1s\n"),
      [
        '5:7: entryPoints.web.transport.respondingTimeout: unknown key "respondingTimeout", did you mean "respondingTimeouts"?',
      ],
    ],
    [
      "an unknown key that is like no other",
      "zzzzzzzzzzzz: 1\n",
      ['1:1: zzzzzzzzzzzz: unknown key "zzzzzzzzzzzz"; it is ignored'],
    ],
    [
      "a section where a text belongs",
      "log:\n  level: { a: 1 }\n",
      ["2:3: log.level: expected a string, found a section with keys"],
    ],
    [
      "a text where a section belongs",
      "log: DEBUG\n",
      ['1:1: log: expected a section with keys, found "DEBUG"'],
    ],
    [
      "a word where a boolean belongs",
      entryPoint("    reusePort: maybe\n"),
      ['4:5: entryPoints.web.reusePort: expected true or false, found "maybe"'],
    ],
    [
      "a word where a number belongs",
      "accessLog:\n  bufferingSize: many\n",
      ['2:3: accessLog.bufferingSize: expected a number, found "many"'],
    ],
    [
      "a fraction where a whole number belongs",
      "accessLog:\n  bufferingSize: 1.5\n",
      ["2:3: accessLog.bufferingSize: expected a whole number, found 1.5"],
    ],
    [
      "a number below its range",
      "accessLog:\n  bufferingSize: -1\n",
      ["2:3: accessLog.bufferingSize: expected at least 0, found -1"],
    ],
    [
      "a duration that is none",
      "providers:\n  providersThrottleDuration: 2 weeks\n",
      [
        '2:3: providers.providersThrottleDuration: expected a duration such as "30s", found "2 weeks"',
      ],
    ],
    [
      "a fraction of a second without its unit",
      "providers:\n  providersThrottleDuration: 1.5\n",
      ['2:3: providers.providersThrottleDuration: expected a duration such as "30s", found 1.5'],
    ],
    [
      "a section where a duration belongs",
      "providers:\n  providersThrottleDuration: { seconds: 2 }\n",
      [
        '2:3: providers.providersThrottleDuration: expected a duration such as "30s", found a section or a list',
      ],
    ],
    [
      "an address that is none",
      "entryPoints:\n  web:\n    address: localhost\n",
      [
        '3:5: entryPoints.web.address: expected an address such as ":80", "127.0.0.1:80" or "[::1]:80/tcp", found "localhost"',
      ],
    ],
    [
      "UDP sessions that never end, or that nobody may have",
      "entryPoints:\n  dns:\n    address: ':53/udp'\n    udp: {timeout: 0, maxSessions: 0}\n",
      [
        "4:11: entryPoints.dns.udp.timeout: expected a duration above 0, found 0",
        "4:23: entryPoints.dns.udp.maxSessions: expected at least 1, found 0",
      ],
    ],
    [
      "plugins that must be there",
      "experimental:\n  plugins: {a: {moduleName: a.test/a, version: v1}}\n  abortOnPluginFailure: true\n",
      [
        "3:3: experimental.abortOnPluginFailure: asks not to start without plugins, and Sluice can't run those of Traefik, which are Go programs",
        "2:3: experimental.plugins: has no effect: Go programs, which Sluice can't run: middlewares of theirs are disabled, with the routers that use them; write a JavaScript or TypeScript module (docs/middlewares/traffic.md)",
      ],
    ],
    [
      "no address",
      "entryPoints:\n  web: {}\n",
      ["2:3: entryPoints.web.address: expected a string, found nothing"],
    ],
    [
      "no entrypoint",
      "entryPoints: {}\n",
      ["1:1: entryPoints: expected at least one entrypoint, found none"],
    ],
    [
      "a range that is none",
      entryPoint("    forwardedHeaders:\n      trustedIPs: [10.0.0.0/8, 300.1.1.1]\n"),
      [
        '5:7: entryPoints.web.forwardedHeaders.trustedIPs: "300.1.1.1" is no IP address or CIDR range (expected e.g. "10.0.0.0/8", "192.0.2.1" or "2001:db8::/32")',
      ],
    ],
    [
      "a word that isn't one of those",
      entryPoint("    http:\n      underscoreHeadersStrategy: drop\n"),
      [
        '5:7: entryPoints.web.http.underscoreHeadersStrategy: expected one of keep, delete, reject, found "drop"',
      ],
    ],
    [
      "a status that is none",
      "accessLog:\n  filters:\n    statusCodes: [200, 5xx]\n",
      [
        '3:24: accessLog.filters.statusCodes.1: expected a status or a range such as "500-599", found "5xx"',
      ],
    ],
    [
      "a range of statuses the wrong way round",
      "accessLog:\n  filters:\n    statusCodes: 599-500\n",
      ['3:5: accessLog.filters.statusCodes.0: expected a range from low to high, found "599-500"'],
    ],
    [
      "a redirection to an entrypoint that isn't there",
      entryPoint(
        "    http: { redirections: { entryPoint: { to: websecur } } }\n  websecure: { address: ':443' }\n",
      ),
      [
        '4:43: entryPoints.web.http.redirections.entryPoint.to: expected an entrypoint\'s name or a port such as ":443", found "websecur", did you mean "websecure"?; nothing is redirected',
      ],
    ],
    [
      "a redirection to a port that is none",
      entryPoint("    http: { redirections: { entryPoint: { to: ':70000' } } }\n"),
      [
        '4:43: entryPoints.web.http.redirections.entryPoint.to: expected an entrypoint\'s name or a port such as ":443", found ":70000"; nothing is redirected',
      ],
    ],
    [
      "a file provider without a file",
      "providers:\n  file: { watch: true }\n",
      [
        "2:3: providers.file: expected a filename or a directory, found neither; the provider is off",
      ],
    ],
    [
      "a file provider with a file and a directory",
      "providers:\n  file: { filename: a.yml, directory: conf }\n",
      [
        "2:11: providers.file.filename: expected a filename or a directory, found both; the filename is ignored",
      ],
    ],
    [
      "a duration that Go has no room for",
      entryPoint("    transport: { respondingTimeouts: { readTimeout: 9999999999h } }\n"),
      [
        '4:40: entryPoints.web.transport.respondingTimeouts.readTimeout: expected a duration of at most 292 years, found "9999999999h"',
      ],
    ],
    [
      "a duration that no timer waits for",
      "providers:\n  providersThrottleDuration: 597h\n",
      [
        '2:3: providers.providersThrottleDuration: expected a duration of at most 596h, found "597h"',
      ],
    ],
    [
      "a provider that isn't there yet",
      "providers:\n  kubernetesCRD: {}\n",
      [`2:3: providers.kubernetesCRD: ${REFUSED}`],
    ],
    ["what is refused, in its own case", "SPIFFE: {}\n", [`1:1: spiffe: ${REFUSED}`]],
    [
      "a key twice in different cases",
      "ping: {}\nPING: {}\n",
      ['2:1: ping: the key "ping" is there twice, in different spellings'],
    ],
    [
      "a reserved name",
      "entryPoints:\n  web:\n    address: ':80'\n  __proto__:\n    address: ':80'\n",
      ['4:3: entryPoints.__proto__: expected another name, found "__proto__", which is reserved'],
    ],
    [
      "several things at once",
      "spiffe: {}\nlog:\n  level: LOUD\n  noColour: true\n",
      [
        `1:1: spiffe: ${REFUSED}`,
        '4:3: log.noColour: unknown key "noColour", did you mean "noColor"?',
        '3:3: log.level: unknown value "LOUD": expected one of TRACE, DEBUG, INFO, WARN, ERROR, FATAL, PANIC; it is ERROR now',
      ],
    ],
  ];
  test.each(cases)("%s", (_, yaml, expected) => {
    expect(staticErrors(yaml)).toEqual(expected.map((line) => `traefik.yml:${line}`));
  });
});

describe("a static configuration may have", () => {
  const cases: [name: string, yaml: string][] = [
    ["keys in any case", "ENTRYPOINTS:\n  Web:\n    ADDRESS: ':80'\nPing: {}\n"],
    ["keys without a value", "ping:\napi:\nproviders:\n  docker:\nentryPoints:\n"],
    [
      "a redirection to a port or to another entrypoint",
      entryPoint(
        "    http: { redirections: { entryPoint: { to: ':443' } } }\n  b: { address: ':81', http: { redirections: { entryPoint: { to: web } } } }\n",
      ),
    ],
    ["the protocol of an address in any case", "entryPoints:\n  web:\n    address: :80/TCP\n"],
    [
      "durations of years where no timer waits for them",
      entryPoint("    transport: { respondingTimeouts: { readTimeout: 876000h } }\n"),
    ],
    ["refused sections that are switched off", "api: false\nspiffe: false\n"],
    [
      "keys of its own, for anchors",
      "x-address: &a ':80'\nentryPoints:\n  web:\n    address: *a\n",
    ],
  ];
  test.each(cases)("%s", (_, yaml) => {
    expect(staticErrors(yaml)).toEqual([]);
  });
});

test("keys of one's own are for the top alone", () => {
  expect(staticErrors("log:\n  x-mine: 1\n")).toEqual([
    'traefik.yml:2:3: log.x-mine: unknown key "x-mine"',
  ]);
});
