import type { ConnectionFacts } from "../../net/tcp-handler.ts";
import { compileGoRegexp } from "../../rules/go-regexp.ts";
import { firstLabelEnd, parseHostPattern } from "../../rules/host-pattern.ts";
import { HTTP_MATCHERS } from "../../rules/http-matchers.ts";
import { type MatcherNode, parseRule, type RuleNode } from "../../rules/parser.ts";
import { compileTcpRule, TCP_MATCHERS } from "../../rules/tcp-matchers.ts";

export type TestHost = (host: string) => boolean;

/** True and false whatever else a request has; undefined where that decides. */
type Judge = (host: string) => boolean | undefined;

/**
 * Whether a request for a host, in lower case, may match a rule: everything but the host may be as the rule
 * wants it. Throws where the rule is wrong.
 */
export function mayMatchHost(rule: string, plane: "http" | "tcp"): TestHost {
  const node = parseRule(rule, plane === "http" ? HTTP_MATCHERS : TCP_MATCHERS);
  const judge = judgeOf(node);
  return (host) => judge(host) !== false;
}

function judgeOf(node: RuleNode): Judge {
  switch (node.type) {
    case "matcher":
      return matcherJudge(node);
    case "not": {
      const operand = judgeOf(node.operand);
      return (host) => {
        const found = operand(host);
        return found === undefined ? undefined : !found;
      };
    }
    default: {
      // What decides alone: false for "and", true for "or".
      const decides = node.type === "or";
      const operands = node.operands.map(judgeOf);
      return (host) => {
        const found = operands.map((operand) => operand(host));
        if (found.includes(decides)) return decides;
        return found.includes(undefined) ? undefined : !decides;
      };
    }
  }
}

function matcherJudge(node: MatcherNode): Judge {
  const [value] = node.values;
  switch (node.name) {
    case "Host": {
      const pattern = parseHostPattern(value);
      if (pattern.kind === "any") return () => true;
      const { kind, text } = pattern;
      if (kind === "exact") return (host) => host === text;
      return (host) => host.slice(firstLabelEnd(host)) === text;
    }
    case "HostRegexp": {
      const expression = compileGoRegexp(value);
      return (host) => expression.test(host);
    }
    case "HostSNI":
    case "HostSNIRegexp": {
      const matches = compileTcpRule(node);
      return (serverName) => matches({ serverName } as ConnectionFacts);
    }
    default:
      return () => undefined;
  }
}
