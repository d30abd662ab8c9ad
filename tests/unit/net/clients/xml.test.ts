import { expect, test } from "bun:test";
import { readXml, xmlText } from "../../../../src/net/clients/xml.ts";

test("elements, attributes and texts are read", () => {
  const root = readXml(
    `\uFEFF<?xml version="1.0"?><!-- <a> --><n:List xmlns:n="urn:x" Kind='a "b"'>
      <Item Name="x&lt;&#65;&#x42;"> one &amp; two </Item><Item/><Deep><Item><![CDATA[<raw>]]></Item></Deep>
    </n:List>\n`,
  );
  expect([root.name, root.attributes["Kind"]]).toEqual(["List", 'a "b"']);
  expect(root.all("Item").map(({ text }) => text)).toEqual(["one & two", "", "<raw>"]);
  expect(root.all("Item")[0].attributes).toEqual({ Name: "x<AB" });
  expect(root.textOf("Item")).toBe("one & two");
  expect(root.textOf("Other")).toBeUndefined();
});

test.each([
  "",
  "text",
  "<a>",
  "<a></b>",
  "</a>",
  "<a/><b/>",
  "<a/>text",
  "<a b=c/>",
  "<a>&nbsp;</a>",
  "<a>&</a>",
  "<a>&#x110000;</a>",
  '<!DOCTYPE a [<!ENTITY b "c">]><a>&b;</a>',
  "<a>".repeat(200),
])("%p is not well-formed", (text) => {
  expect(() => readXml(text)).toThrow("malformed XML");
});

test("texts are escaped", () => {
  const text = `<a> & "b" 'c'`;
  expect(readXml(`<r x="${xmlText(text)}">${xmlText(text)}</r>`)).toMatchObject({
    text,
    attributes: { x: text },
  });
});
