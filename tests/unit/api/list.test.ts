import { describe, expect, test } from "bun:test";
import type { ApiElement } from "../../../src/api/elements.ts";
import { pageOf } from "../../../src/api/list.ts";
import { ELEMENT_RULES } from "../../../src/api/list-rules.ts";

const ELEMENTS = [
  {
    name: "b@file",
    provider: "file",
    status: "enabled",
    rule: "Host(`x`)",
    service: "s",
    priorityStr: "9223372036854775806",
  },
  {
    name: "a@docker",
    provider: "docker",
    status: "disabled",
    rule: "Path(`/y`)",
    service: "t@file",
    middlewares: ["m@file"],
    priorityStr: "9223372036854775805",
  },
  {
    name: "c@file",
    provider: "file",
    status: "warning",
    rule: "Host(`z`)",
    service: "s",
    priorityStr: "12",
  },
] as unknown as ApiElement[];

const names = (query: string) =>
  pageOf(ELEMENTS, new URLSearchParams(query), ELEMENT_RULES)
    .elements.map(({ name }) => name[0])
    .join("");

describe("a list", () => {
  test.each([
    ["", "abc"],
    ["direction=desc", "cba"],
    ["sortBy=priority", "cab"],
    ["sortBy=priority&direction=desc", "bac"],
    ["sortBy=provider&direction=asc", "abc"],
    ["sortBy=nonsense", "abc"],
    ["search=HOST", "bc"],
    ["search=DOCKER", "a"],
    ["status=Warning", "c"],
    ["serviceName=s", "bc"],
    ["serviceName=s@file", "bc"],
    ["serviceName=t@file", "a"],
    ["middlewareName=m@file", "a"],
    ["search=host&status=enabled", "b"],
    ["per_page=2", "ab"],
    ["per_page=2&page=2", "c"],
  ])("%p", (query, expected) => {
    expect(names(query)).toBe(expected);
  });

  test("says which page is next, and 1 for none", () => {
    const next = (query: string) =>
      pageOf(ELEMENTS, new URLSearchParams(query), ELEMENT_RULES).next;
    expect([next(""), next("per_page=2"), next("per_page=2&page=2")]).toEqual([1, 2, 1]);
  });

  test("may be empty on its first page", () => {
    expect(pageOf([], new URLSearchParams(), ELEMENT_RULES).elements).toEqual([]);
  });

  test.each([
    ["page=99", "invalid request: page: 99, per_page: 100"],
    ["page=0", "invalid request: page: 0"],
    ["page=x", "invalid request: page: 0"],
    ["per_page=-1", "invalid request: per_page: -1"],
  ])("%p is refused", (query, message) => {
    expect(() => names(query)).toThrow(message);
  });
});
