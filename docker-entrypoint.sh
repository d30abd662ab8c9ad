#!/bin/sh
# What the image of Traefik takes as a command: flags, a subcommand, both with the program's name in front
# of them, or a program of the image.
set -e
case "${1-}" in
  traefik | sluice) shift ;;
  sh | */*) exec "$@" ;;
esac
exec sluice "$@"
