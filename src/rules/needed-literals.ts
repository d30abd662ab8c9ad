import type { MatcherNode, RuleNode } from "./parser.ts";

/**
 * Literals of which at least one must hold wherever the rule does, by what `literal` makes of a
 * matcher; null where the rule can hold without any. An index may look rules up by them.
 */
export function neededLiterals<T>(
  node: RuleNode,
  literal: (node: MatcherNode) => T | null,
): readonly T[] | null {
  switch (node.type) {
    case "matcher": {
      const value = literal(node);
      return value === null ? null : [value];
    }
    case "and":
      for (const operand of node.operands) {
        const literals = neededLiterals(operand, literal);
        if (literals !== null) return literals;
      }
      return null;
    case "or": {
      const all: T[] = [];
      for (const operand of node.operands) {
        const literals = neededLiterals(operand, literal);
        if (literals === null) return null;
        for (const each of literals) all.push(each);
      }
      return all;
    }
    case "not":
      return null;
  }
}
