import { messageOf } from "../core/errors.ts";
import { translatedRule } from "../rules/v2-translation.ts";

export type RuleSyntax = "v2" | "v3";

interface WithRule {
  readonly rule?: string | undefined;
  readonly ruleSyntax?: RuleSyntax | "default" | undefined;
  readonly priority?: bigint | undefined;
}

/**
 * A router with its rule in the syntax of v3. Where it is one of v2, its priority stays what its length
 * makes of it. What is wrong with it is added to `errors`.
 */
export function withRuleInV3<R extends WithRule>(
  router: R,
  plane: "http" | "tcp",
  defaultSyntax: RuleSyntax,
  errors: string[],
): R {
  const { rule = "", ruleSyntax = "default" } = router;
  if ((ruleSyntax === "default" ? defaultSyntax : ruleSyntax) === "v3") return router;
  let inV3: string;
  try {
    inV3 = translatedRule(rule, plane);
  } catch (error) {
    errors.push(`in the syntax "v2": ${messageOf(error)}`);
    return router;
  }
  if (inV3 === rule) return router;
  return { ...router, rule: inV3, priority: router.priority || BigInt(rule.length) };
}
