/** A template as a tree: what Go's text/template/parse makes of it. */

export type Node =
  | { readonly type: "text"; readonly offset: number; readonly text: string }
  | { readonly type: "action"; readonly offset: number; readonly pipe: Pipe }
  | BranchNode
  | {
      readonly type: "template";
      readonly offset: number;
      readonly name: string;
      readonly pipe: Pipe | undefined;
    }
  | { readonly type: "break" | "continue"; readonly offset: number };

export interface BranchNode {
  readonly type: "if" | "with" | "range";
  readonly offset: number;
  readonly pipe: Pipe;
  readonly body: readonly Node[];
  readonly otherwise: readonly Node[];
}

export interface Pipe {
  readonly offset: number;
  /** Names of variables that get the value, without "$". */
  readonly variables: readonly string[];
  /** `=`: they are there already. */
  readonly assigns: boolean;
  readonly commands: readonly Command[];
}

export interface Command {
  readonly offset: number;
  readonly operands: readonly Operand[];
}

export type Operand =
  | { readonly type: "dot" | "nil"; readonly offset: number }
  | {
      readonly type: "literal";
      readonly offset: number;
      readonly value: string | boolean | bigint | number;
    }
  | { readonly type: "function"; readonly offset: number; readonly name: string }
  | {
      readonly type: "variable";
      readonly offset: number;
      readonly name: string;
      readonly fields: readonly string[];
    }
  | { readonly type: "field"; readonly offset: number; readonly fields: readonly string[] }
  | {
      readonly type: "pipe";
      readonly offset: number;
      readonly pipe: Pipe;
      readonly fields: readonly string[];
    };
