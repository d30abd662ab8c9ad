import { expect, test } from "bun:test";
import { z } from "zod";
import { shapeOf } from "../../../../src/config/shape.ts";
import { refused, supportOf } from "../../../../src/config/support.ts";
import { validate } from "../../../../src/config/validate.ts";

const document = { source: "a.yml", value: {}, locate: () => "a.yml:1:1" };

test("what is below a refused key is made when the key is met, not before", () => {
  let made = 0;
  const below = () => {
    made++;
    return z.strictObject({ name: z.string() });
  };
  const schema = z.strictObject({ used: z.string(), left: refused(below, "because") });
  const { value, issues: none } = validate(schema, { used: "a" }, document);
  expect({ value, none }).toEqual({ value: { used: "a" }, none: [] });
  expect(made).toBe(0);
  const { issues } = validate(schema, { used: "a", left: { name: "b" } }, document);
  expect(issues.map(({ message }) => message)).toEqual([
    "known to Traefik, not supported by Sluice yet (because)",
  ]);
  expect(made).toBe(1);
});

test("a refused key's function tells the same of itself as its schema does", () => {
  const schema = z.strictObject({ name: z.string() });
  const eager = refused(schema, "note");
  const late = refused(() => schema, "note");
  expect(supportOf(late)).toEqual(supportOf(eager)!);
  expect(shapeOf(late)).toEqual(shapeOf(eager));
});
