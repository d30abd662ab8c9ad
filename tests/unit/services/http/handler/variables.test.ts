import { expect, test } from "bun:test";
import { resolveVariables } from "../../../../../src/services/http/handler/variables.ts";

const sources = {
  env: { USER: "ada", EMPTY: "" },
  readText: async (path: string) => {
    if (path !== "/run/secrets/token") throw new Error("ENOENT");
    return "s3cret\n";
  },
};

test("variables refer to the environment and to files", async () => {
  const variables = {
    PLAIN: "a {b} {other:c}",
    USER: "{env:USER}",
    URL: "db://{env:USER}:{file:/run/secrets/token}@host",
    EMPTY: "{env:EMPTY}",
  };
  expect(await resolveVariables(variables, sources)).toEqual({
    PLAIN: "a {b} {other:c}",
    USER: "ada",
    URL: "db://ada:s3cret@host",
    EMPTY: "",
  });
});

test("what they refer to must be there", async () => {
  const none = resolveVariables({ A: "{env:NONE}" }, sources);
  await expect(none).rejects.toThrow('env.A: the environment has no variable "NONE"');
  const missing = resolveVariables({ A: "{file:/none}" }, sources);
  await expect(missing).rejects.toThrow('env.A: cannot read the file "/none"');
});
