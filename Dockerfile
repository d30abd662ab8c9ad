# docker build -t sluice .
#
# It stands in for `image: traefik`: the same flags, TRAEFIK_* variables, paths and ports, and `traefik` as a
# name of the program. Like that image it begins as root, because Docker's socket is root's; any other user
# will do where that isn't mounted, or where the user is in the socket's group:
#
# docker run -v ./traefik.yml:/etc/traefik/traefik.yml:ro -p 80:80 --user 65532:65532 sluice

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
COPY docker-entrypoint.sh /usr/local/bin/docker-entrypoint.sh
COPY --from=build /src/dist/sluice /usr/local/bin/sluice
RUN ln -s sluice /usr/local/bin/traefik
# Relative paths, such as acme.json, are below it, as in Traefik's image.
WORKDIR /
EXPOSE 80
STOPSIGNAL SIGTERM
ENTRYPOINT ["/usr/local/bin/docker-entrypoint.sh"]
