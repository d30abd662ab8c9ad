import { expect, test } from "bun:test";
import { middlewareSchema } from "../../../../src/config/dynamic/http-middlewares.ts";
import { supportOf } from "../../../../src/config/support.ts";
import { HTTP_MIDDLEWARES } from "../../../../src/middlewares/http/table.ts";

test("the table has what the schema doesn't refuse, but for chains and renamed kinds", () => {
  const taken = Object.entries(middlewareSchema.shape)
    .filter(([name, schema]) => {
      const mark = supportOf(schema);
      return name !== "chain" && mark?.support !== "refused" && mark?.becomes === undefined;
    })
    .map(([name]) => name);
  expect(Object.keys(HTTP_MIDDLEWARES).sort()).toEqual(taken.sort());
});
