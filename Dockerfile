# docker build -t sluice .
# docker run -p 8080:8080 -p 8443:8443 sluice
# docker run -v ./traefik.yml:/etc/traefik/traefik.yml:ro -p 80:80 sluice

FROM node:22-bookworm-slim AS build
WORKDIR /src
COPY package.json bun.lock bunfig.toml tsconfig.json ./
COPY scripts scripts
COPY config config
COPY runtime runtime
COPY src src
RUN npx -y bun@1.4.5 run build

# The executable needs glibc and nothing else.
FROM busybox:glibc
COPY --from=build /src/dist/sluice /usr/local/bin/sluice
# Not root; Docker lets every user of a container listen on ports below 1024.
USER 65532:65532
WORKDIR /var/lib/sluice
EXPOSE 8080 8443
STOPSIGNAL SIGTERM
# Asks the entrypoint that `ping` names; a configuration of your own needs `ping: {}` for it.
HEALTHCHECK --interval=10s --timeout=6s --start-period=5s CMD ["/usr/local/bin/sluice", "healthcheck"]
ENTRYPOINT ["/usr/local/bin/sluice"]
