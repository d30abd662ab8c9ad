import { describe, expect, test } from "bun:test";
import {
  judgeTrailers,
  type UnderscoreStrategy,
} from "../../../../src/http/fields/trailer-rules.ts";
import { HeaderList } from "../../../../src/wire/header-list.ts";

const listOf = (...names: string[]) => HeaderList.from(names.map((name) => [name, "1"] as const));
const namesOf = (list: HeaderList) => [...list.entries()].map(([name]) => name);

describe("a guarded list", () => {
  test("loses the other spellings of a name that is set or deleted, and notes it", () => {
    const list = listOf("X_Role", "x.ROLE", "X-Role", "X-Roles", "X_Auth-User", "Other");
    list.guard();
    list.set("X-Role", "guest");
    list.delete("x-auth-user");
    expect(namesOf(list)).toEqual(["X-Roles", "Other", "X-Role"]);
    expect(
      ["x-role", "x-auth-user", "x-roles", "other"].map((name) => list.wasEdited(name)),
    ).toEqual([true, true, false, false]);
  });

  test("keeps what was set since in two spellings: that is the configuration's wish", () => {
    const list = listOf("X_Role");
    list.guard();
    list.set("X-Role", "1");
    list.set("X_Role", "2");
    expect([...list.entries()]).toEqual([
      ["X-Role", "1"],
      ["X_Role", "2"],
    ]);
  });

  test("knows names with an id as well, and its copy knows what it knew", () => {
    const list = listOf("User_Agent", "User-Agent", "X_Later");
    list.guard();
    list.set("User-Agent", "router");
    const copy = list.clone();
    copy.delete("x-later");
    expect(namesOf(copy)).toEqual(["User-Agent"]);
    expect([copy.wasEdited("user-agent"), copy.wasEdited("x-later")]).toEqual([true, true]);
    expect(list.wasEdited("x-later")).toBe(false);
  });

  test("before it is guarded nothing goes along", () => {
    const list = listOf("X_Role", "X-Role");
    list.delete("x-role");
    expect(namesOf(list)).toEqual(["X_Role"]);
    expect(list.wasEdited("x-role")).toBe(false);
  });
});

describe("trailers", () => {
  const judge = (names: string[], underscores: UnderscoreStrategy = "keep") => {
    const head = listOf("X-Role");
    head.guard();
    head.delete("x-role");
    const trailers = listOf(...names);
    const refusal = judgeTrailers(trailers, head, underscores);
    return refusal === null ? namesOf(trailers) : refusal.code;
  };

  test("lose managed names, those that come too late, and what was edited, in all spellings", () => {
    expect(judge(["X-Real.Ip", "X_FORWARDED_FOR", "Content_Length", "X.Role", "X-Role"])).toEqual(
      [],
    );
    expect(judge(["X-Checksum", "X_Other", "X.Roles"])).toEqual([
      "X-Checksum",
      "X_Other",
      "X.Roles",
    ]);
  });

  test("keep to the strategy for underscores", () => {
    expect(judge(["X_Other", "X.Other"], "delete")).toEqual(["X.Other"]);
    expect(judge(["X.Other"], "reject")).toEqual(["X.Other"]);
    expect(judge(["X.Other", "X_Other"], "reject")).toBe("bad-request");
  });
});
