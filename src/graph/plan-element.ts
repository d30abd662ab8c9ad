import type { ElementInputs, ElementTable, ElementValue } from "../core/element-kind.ts";
import type { Held, Plan, Running } from "./element-builder.ts";

export interface PlanOptions<C extends object, Context, Value extends ElementValue> {
  readonly table: ElementTable<C, Context, Value>;
  readonly configuration: C;
  /** As messages call the element: `service "shop@file"`. */
  readonly label: string;
  /** "type" of a service, "kind" of a middleware. */
  readonly noun: string;
  /** The service of that name as written. Rejects with what is wrong with it. */
  readonly service: (reference: string) => Promise<Running>;
  /** What the element may use; what it holds is added to `held`. */
  readonly context: (
    services: readonly Running[],
    names: readonly string[],
    held: Held[],
  ) => Context;
}

const NO_INPUTS: ElementInputs = { fingerprint: null };

/** The one kind that an element's configuration has. Throws where it has none or several. */
export function kindOf<C extends object>(
  configuration: C,
  label: string,
  noun: string,
): keyof C & string {
  const kinds = (Object.keys(configuration) as (keyof C & string)[]).filter(
    (kind) => configuration[kind] !== undefined,
  );
  if (kinds.length === 1) return kinds[0];
  const found = kinds.length === 0 ? "none" : kinds.join(", ");
  throw new Error(`${label}: expected exactly one ${noun}, found ${found}`);
}

/** How an element of one of a table's kinds is to be made. Rejects with what is wrong with it. */
export async function planElement<C extends object, Context, Value extends ElementValue>(
  plan: PlanOptions<C, Context, Value>,
): Promise<Plan<Value>> {
  const { table, configuration, label } = plan;
  const name = kindOf(configuration, label, plan.noun);
  const kind = table[name];
  const options = configuration[name];
  if (kind === undefined || options === undefined || options === null)
    throw new Error(`${label}: "${name}" is not supported by Sluice yet`);
  const names = kind.services?.(options) ?? [];
  const children: Running[] = [];
  for (const reference of names) children.push(await plan.service(reference));
  const held: Held[] = [];
  const context = plan.context(children, names, held);
  const inputs = (await kind.inputs?.(options, context)) ?? NO_INPUTS;
  return {
    fingerprint: [name, options, inputs.fingerprint],
    children,
    held,
    create: () => kind.create(options, context, inputs),
  };
}
