import { describe, expect, test } from "bun:test";
import { parseLabels } from "../../../../src/config/sources/labels.ts";

const tree = (labels: Record<string, string>) =>
  JSON.parse(JSON.stringify(parseLabels(labels).root));

describe("labels", () => {
  test("become a tree of texts", () => {
    expect(
      tree({
        "traefik.http.routers.app.rule": "Host(`a`)",
        "traefik.http.routers.app.entrypoints": "web,websecure",
        "traefik.tcp.services.db.loadbalancer.server.port": "5432",
        "other.label": "x",
        "traefik.enable": "true",
      }),
    ).toEqual({
      http: { routers: { app: { rule: "Host(`a`)", entrypoints: "web,websecure" } } },
      tcp: { services: { db: { loadbalancer: { server: { port: "5432" } } } } },
    });
  });

  test("spellings of one key meet, and names keep their first one", () => {
    expect(
      tree({
        "traefik.http.services.App.loadBalancer.server.port": "80",
        "traefik.http.services.app.loadbalancer.server.scheme": "https",
        "traefik.HTTP.services.app.LoadBalancer.passHostHeader": "false",
      }),
    ).toEqual({
      HTTP: {
        services: {
          app: {
            LoadBalancer: { passHostHeader: "false", server: { port: "80", scheme: "https" } },
          },
        },
      },
    });
  });

  test("names in a map of texts may have dots", () => {
    expect(
      tree({ "traefik.http.middlewares.h.headers.customrequestheaders.X.With.Dots": "1" }),
    ).toEqual({
      http: { middlewares: { h: { headers: { customrequestheaders: { "X.With.Dots": "1" } } } } },
    });
  });

  test("lists have indexes", () => {
    expect(
      tree({
        "traefik.http.routers.a.tls.domains[0].main": "a.test",
        "traefik.http.routers.a.tls.domains[0].sans": "b.test,c.test",
        "traefik.http.routers.a.tls.domains[1].main": "d.test",
      }),
    ).toEqual({
      http: {
        routers: {
          a: {
            tls: {
              domains: { "0": { main: "a.test", sans: "b.test,c.test" }, "1": { main: "d.test" } },
            },
          },
        },
      },
    });
  });

  test("a switch and keys below it go together", () => {
    expect(
      tree({
        "traefik.http.routers.a.tls": "true",
        "traefik.http.routers.a.tls.certresolver": "le",
      }),
    ).toEqual({ http: { routers: { a: { tls: { certresolver: "le" } } } } });
  });

  test("a place says its label", () => {
    const { locate } = parseLabels({ "traefik.http.routers.a.Rule": "x" });
    expect(locate(["http", "routers", "a", "rule"])).toBe("traefik.http.routers.a.Rule");
  });

  test("what means nothing is told apart from what providers read", () => {
    const { ignored } = parseLabels({
      "traefik.htpp.routers.a.rule": "x",
      "traefik.docker.network": "web",
      "traefik.enable": "true",
      "traefik.http.routers.a.rule": "y",
      "com.example": "z",
    });
    expect(ignored).toEqual(["traefik.htpp.routers.a.rule"]);
  });

  const refused: [string, Record<string, string>, string][] = [
    [
      "an empty name",
      { "traefik.http.routers..rule": "x" },
      "traefik.http.routers..rule: expected a name between dots, found nothing",
    ],
    [
      "an index without a name",
      { "traefik.http.routers.[0].rule": "x" },
      "traefik.http.routers.[0].rule: expected a name between dots, found nothing",
    ],
    [
      "a text where there are keys",
      { "traefik.http.routers.a": "x", "traefik.http.routers.a.rule": "y" },
      "traefik.http.routers.a.rule: excludes traefik.http.routers.a",
    ],
  ];
  test.each(refused)("%s is refused", (_, labels, message) => {
    expect(() => parseLabels(labels)).toThrow(message);
  });
});
