export const HELP = `Sluice, an edge router that speaks Traefik's configuration

Usage:
  sluice [flags]                start the router
  sluice check [FILE] [flags]   validate the whole configuration and say everything that is wrong
  sluice explain URL [flags]    say which router, middlewares and server a request gets, or why none
  sluice certificates [FILE]    list certificates, until when, and why orders failed
  sluice dev MODULE             serve one module, load it anew when it changes; --port=8787, --host=127.0.0.1
  sluice healthcheck [flags]    ask a running Sluice's ping endpoint; exit code 0 where it is well
  sluice version                print the version, as --version and -v do
  sluice help                   print this, as --help and -h do

A request to explain, asked of a running Sluice's API, or with --configFile of the file alone:
  --method=M --header="Name: value" --ip=ADDRESS --entryPoint=NAME --limit=N --json
  --api=URL                     where the API is; http://127.0.0.1:8080 where it isn't given

Configuration, the first of these that is there (one excludes the others):
  --configFile=FILE             a YAML, TOML or JSON file; else traefik.{toml,yaml,yml} in
                                /etc/traefik, $XDG_CONFIG_HOME/traefik, $HOME/.config/traefik and .,
                                also $XDG_CONFIG_HOME and $HOME/.config themselves
  flags                         --entryPoints.web.address=:80 and so on, case-insensitive
  environment                   TRAEFIK_ENTRYPOINTS_WEB_ADDRESS=:80 and so on
  the shipped configuration     entrypoint web on :8080 with a built-in whoami service

Every key that Traefik v3 has is either implemented or refused by name: docs/compatibility.md
`;
