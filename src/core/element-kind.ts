/** What an element is made of besides its options: with another fingerprint it is made anew. */
export interface ElementInputs {
  /** Plain data. */
  readonly fingerprint: unknown;
}

/** What a configuration makes of an element: it lives until a configuration has it no more. */
export interface ElementValue {
  /** Ends timers, checks and connections. Called once, when no configuration uses it any more. */
  stop?(): void;
}

/**
 * One kind of element of the dynamic configuration: a middleware such as `headers`, a type of service
 * such as `weighted`. Its methods run when a configuration is compiled, never for a request, and
 * throw an Error that says what is wrong with the options.
 */
export interface ElementKind<
  Options,
  Context,
  Value extends ElementValue,
  Inputs extends ElementInputs = ElementInputs,
> {
  /** The services that it uses, as written: `create` finds them in its context, in this order. */
  services?(options: Options): readonly string[];
  /** What it reads besides its options: files, modules, a serversTransport. */
  inputs?(options: Options, context: Context): Inputs | Promise<Inputs>;
  /** Makes one that runs. What it holds goes on over a reload that changes nothing of the above. */
  create(options: Options, context: Context, inputs: Inputs): Value | Promise<Value>;
  /** Of middlewares: each router has one of its own, because it counts or remembers something. */
  readonly perRouter?: boolean;
}

/**
 * The kinds that Sluice has, by their keys in the configuration `C`; the types of their options are
 * the schema's.
 */
export type ElementTable<C, Context, Value extends ElementValue> = {
  readonly [K in keyof C]?: ElementKind<NonNullable<C[K]>, Context, Value>;
};
