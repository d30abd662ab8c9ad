import { domainsOf } from "../../routers/compiled-rule.ts";
import { HTTP_MATCHERS } from "../../rules/http-matchers.ts";
import { parseRule } from "../../rules/parser.ts";
import { serverNamesIn, TCP_MATCHERS } from "../../rules/tcp-matchers.ts";
import type { RoutedTls, Snapshot } from "../../snapshot/snapshot.ts";
import { mayMatchHost, type TestHost } from "./rule-hosts.ts";

/**
 * Whether routers of a resolver may take a name that none of them says: by HostRegexp, or because its rule
 * says nothing of hosts. Routers with `tls.domains` say what they want; names in rules are ordered anyway.
 */
export function demandedHosts(snapshot: Snapshot, resolver: string): TestHost {
  const tests: TestHost[] = [];
  const said = new Set<string>();
  const add = (rule: string, tls: RoutedTls | undefined, plane: "http" | "tcp") => {
    if (tls?.certResolver !== resolver) return;
    try {
      for (const name of namesIn(rule, plane)) said.add(name.toLowerCase());
      if (tls.domains === undefined) tests.push(mayMatchHost(rule, plane));
    } catch {
      // The rule's error is its router's.
    }
  };
  for (const { rule, tls } of Object.values(snapshot.routers)) add(rule, tls, "http");
  for (const { rule, tls } of Object.values(snapshot.tcp.routers))
    if (tls?.passthrough === false) add(rule, tls, "tcp");
  return (host) => !said.has(host) && tests.some((test) => test(host));
}

function namesIn(rule: string, plane: "http" | "tcp"): readonly string[] {
  return plane === "http"
    ? domainsOf(parseRule(rule, HTTP_MATCHERS))
    : serverNamesIn(parseRule(rule, TCP_MATCHERS));
}
