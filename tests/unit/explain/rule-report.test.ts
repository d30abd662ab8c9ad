import { expect, test } from "bun:test";
import * as fc from "fast-check";
import { failedParts } from "../../../src/explain/rule-report.ts";
import { Exchange, NO_DOWNSTREAM } from "../../../src/http/exchange.ts";
import { LazyRequest } from "../../../src/http/lazy/lazy-request.ts";
import { compileHttpRule, HTTP_MATCHERS } from "../../../src/rules/http-matchers.ts";
import { parseRule } from "../../../src/rules/parser.ts";
import { HeaderList } from "../../../src/wire/header-list.ts";

function received(host: string, target: string, fields: [string, string][] = []) {
  const exchange = new Exchange({ ...NO_DOWNSTREAM, remote: { ip: "10.0.0.1", port: 0 } });
  const list = HeaderList.from([["Host", host], ...fields]);
  exchange.host = host;
  exchange.routingHost = host;
  exchange.routingPath = target.replace(/\?.*/, "");
  return { request: new LazyRequest(exchange, "GET", "http", host, target, list, null), exchange };
}

const { request, exchange } = received("a.test", "/x?q=1", [["X-A", "1"]]);

test.each([
  ["Host(`a.test`)", []],
  ["Host(`b.test`)", [["Host(`b.test`)", 'the host is "a.test"']]],
  ["!Host(`a.test`)", [["!Host(`a.test`)", 'the host is "a.test"']]],
  ["Host(`b.test`) || Path(`/x`)", []],
  [
    "Host(`b.test`) || Host(`c.test`)",
    [["Host(`b.test`) || Host(`c.test`)", 'the host is "a.test"']],
  ],
  [
    "(Host(`b.test`) && Method(`PUT`)) || Header(`X-A`, `2`)",
    [["Header(`X-A`, `2`)", 'the header "X-A" is "1"']],
  ],
  [
    "!(Host(`a.test`) || Path(`/x`))",
    [
      ["!Host(`a.test`)", 'the host is "a.test"'],
      ["!Path(`/x`)", 'the path is "/x"'],
    ],
  ],
  ["Query(`q`, `2`)", [["Query(`q`, `2`)", 'the query\'s "q" is "1"']]],
  ["Query(`r`, `2`)", [["Query(`r`, `2`)", 'the query has no "r"']]],
  ["Header(`X-B`, `1`)", [["Header(`X-B`, `1`)", 'there is no header "X-B"']]],
  ["Method(`PUT`)", [["Method(`PUT`)", "the method is GET"]]],
  ["ClientIP(`192.0.2.0/24`)", [["ClientIP(`192.0.2.0/24`)", "the client is 10.0.0.1"]]],
])("%s", (rule, expected) => {
  const parts = failedParts(parseRule(rule, HTTP_MATCHERS), request, exchange);
  expect(parts.map(({ part, found }) => [part, found])).toEqual(expected as [string, string][]);
});

test("nothing fails exactly where the compiled rule matches", () => {
  const leaf = fc.constantFrom(
    "Host(`a.test`)",
    "Host(`b.test`)",
    "Path(`/x`)",
    "PathPrefix(`/y`)",
    "Header(`X-A`, `1`)",
    "Method(`PUT`)",
  );
  const { rule } = fc.letrec<{ rule: string }>((tie) => ({
    rule: fc.oneof(
      { depthSize: "small" },
      leaf,
      fc.tuple(tie("rule"), tie("rule")).map(([a, b]) => `(${a} && ${b})`),
      fc.tuple(tie("rule"), tie("rule")).map(([a, b]) => `(${a} || ${b})`),
      tie("rule").map((a) => `!(${a})`),
    ),
  }));
  fc.assert(
    fc.property(rule, (text) => {
      const tree = parseRule(text, HTTP_MATCHERS);
      const matches = compileHttpRule(tree)(request, exchange);
      return matches === (failedParts(tree, request, exchange).length === 0);
    }),
  );
});
