/** Templates whose output is known from Go's own engine: see `golden.json`. */

export interface TemplateCase {
  readonly template: string;
  readonly data?: unknown;
  readonly env?: Readonly<Record<string, string>>;
}

const DATA = {
  Name: "my_app.web",
  name: "x",
  count: 3,
  ratio: 1.5,
  on: true,
  off: false,
  none: null,
  empty: "",
  list: ["b", "a", "c"],
  numbers: [3, 1, 2],
  map: { b: "2", a: "1", "c.d": "3" },
  deep: { one: { two: "three" }, nothing: null },
  Labels: { "traefik.enable": "true", host: "a.example" },
};

/** Actions and their control. */
const LANGUAGE = [
  ...[
    "",
    "plain { text } }",
    "{{/* c */}}a{{- /* c */ -}} b",
    "a {{- 1 -}} b",
    "a {{-1}} b",
    "{{ 1 }}\n{{- 2 }}",
  ],
  ...[
    "{{ true }} {{ false }}",
    "{{ 1 }} {{ -5 }} {{ +7 }} {{ 0x1F }} {{ 0b11 }} {{ 0o17 }} {{ 017 }} {{ 1_000 }}",
  ],
  ...[
    "{{ 1.5 }} {{ 1e3 }} {{ .5 }} {{ 1e21 }} {{ 1e20 }} {{ 0.00001 }} {{ 123456789.0 }} {{ 1.0 }}",
  ],
  ...[
    "{{ 'a' }} {{ '\\n' }} {{ 'é' }} {{ '\\'' }}",
    '{{ "a\\tb\\"c\\u00e9\\x41" }}',
    '{{ `raw \\n "x"` }}',
  ],
  ...[
    "{{ . }}",
    "{{ .list }} {{ .map }} {{ .ratio }} {{ .on }}",
    "{{ .none }}|{{ .missing }}|{{ .deep.nothing }}",
  ],
  ...[
    "{{ .deep.one.two }}",
    "{{ .missing.x }}",
    "{{ .deep.nothing.x }}",
    "{{ .name.x }}",
    "{{ (.deep).one.two }}",
  ],
  ...[
    "{{ $x := 1 }}{{ $x }}",
    "{{ $x := 1 }}{{ $x = 2 }}{{ $x }}",
    "{{ $.name }} {{ $ }}",
    "{{ $x }}",
    "{{ $x = 1 }}",
  ],
  ...[
    "{{ if .on }}a{{ end }}{{ if .off }}b{{ else }}c{{ end }}",
    "{{ if .off }}a{{ else if .on }}b{{ else }}c{{ end }}",
  ],
  ...[
    "{{ if .none }}a{{ end }}{{ if .empty }}b{{ end }}{{ if .missing }}c{{ end }}{{ if 0 }}d{{ end }}{{ if 0.0 }}e{{ end }}f",
  ],
  ...["{{ if $x := .name }}{{ $x }}{{ end }}", "{{ if .on }}{{ $x := 1 }}{{ end }}{{ $x }}"],
  ...[
    "{{ with .deep }}{{ .one.two }}{{ end }}",
    "{{ with .missing }}a{{ else }}b{{ end }}",
    "{{ with $x := .name }}{{ $x }}{{ . }}{{ end }}",
  ],
  ...["{{ with .missing }}a{{ else with .name }}b{{ . }}{{ else }}c{{ end }}"],
  ...[
    "{{ range .list }}{{ . }},{{ end }}",
    "{{ range $i, $e := .list }}{{ $i }}{{ $e }} {{ end }}",
    "{{ range $e := .list }}{{ $e }}{{ end }}",
  ],
  ...[
    "{{ range .map }}{{ . }}{{ end }}",
    "{{ range $k, $v := .map }}{{ $k }}={{ $v }};{{ end }}",
    "{{ range .missing }}a{{ else }}b{{ end }}",
  ],
  ...[
    "{{ range 3 }}{{ . }}{{ end }}",
    "{{ range $i := 2 }}{{ $i }}{{ end }}",
    "{{ range $i, $j := 2 }}{{ $i }}{{ end }}",
    "{{ range .name }}{{ end }}",
  ],
  ...[
    '{{ range .list }}{{ if eq . "a" }}{{ continue }}{{ end }}{{ . }}{{ end }}',
    '{{ range .list }}{{ if eq . "a" }}{{ break }}{{ end }}{{ . }}{{ end }}',
  ],
  ...["{{ break }}", "{{ $s := 0 }}{{ range .numbers }}{{ $s = add $s . }}{{ end }}{{ $s }}"],
  ...["{{ range $i, $e := .list }}{{ range $j := until 2 }}{{ $i }}{{ $j }} {{ end }}{{ end }}"],
  ...[
    '{{ define "t" }}<{{ . }}>{{ end }}{{ template "t" .name }}{{ template "t" }}',
    '{{ template "no" }}',
  ],
  ...[
    '{{ block "t" .name }}<{{ . }}>{{ end }}',
    '{{ define "a" }}{{ template "b" . }}{{ end }}{{ define "b" }}{{ $ }}{{ end }}{{ template "a" 1 }}',
  ],
  ...[
    "{{ .name | upper }}",
    '{{ "a" | printf "%s-%s" "b" }}',
    '{{ (upper .name) | printf "%q" }}',
    "{{ .name | 1 }}",
    "{{ 1 2 }}",
  ],
  ...[
    '{{ printf "%s" (printf "%d" 5) }}',
    '{{ upper (lower "A") }}',
    "{{ nil }}",
    "{{ eq .none nil }}",
  ],
  ...[
    '{{ and 1 0 }} {{ and 1 2 }} {{ or 0 "" }} {{ or 0 3 }} {{ not 1 }} {{ and }}',
    '{{ and .off (fail "x") }}',
    '{{ or .on (fail "x") }}',
    "{{ false | or 0 1 }}",
  ],
  ...[
    "{{",
    "{{ }}",
    "{{ if }}{{ end }}",
    "{{ if 1 }}",
    "{{ end }}",
    "{{ else }}",
    "{{ 1 | }}",
    "{{ ( 1 }}",
    "{{ 1 ) }}",
    "{{ .a. }}",
    "{{ nope }}",
    '{{ "a }}',
  ],
  ...[
    "{{ range .list }}{{ end }}{{ else }}",
    "{{ .name.0 }}",
    "{{ 1a }}",
    "{{ a-b }}",
    "{{ if 1 }}a{{ else }}b{{ else }}c{{ end }}",
    "{{ $a, $b := 1 }}",
  ],
  ...[
    "{{/* a */ }}",
    "{{ /* a */ }}",
    '{{- "a" -}}',
    "a\n\n{{- /* c */}}\nb",
    "{{ .list.x }}",
    "{{ upper }}",
    "{{ upper 1 }}",
    '{{ upper "a" "b" }}',
  ],
];

/** Go's own functions. */
const BUILTINS = [
  '{{ eq 1 1 }} {{ eq 1 2 3 1 }} {{ eq "a" "b" }} {{ ne 1 2 }} {{ eq true true }}',
  ...[
    '{{ eq 1 "a" }}',
    "{{ eq 1 1.0 }}",
    "{{ eq .list .list }}",
    "{{ eq 1 }}",
    "{{ eq .missing .none }}",
    "{{ eq .missing 1 }}",
  ],
  '{{ lt 1 2 }} {{ le 2 2 }} {{ gt 3 2 }} {{ ge 1 2 }} {{ lt "a" "b" }} {{ lt 1.5 2.5 }}',
  ...['{{ lt 1 "a" }}', "{{ lt true false }}", "{{ lt .none 1 }}"],
  '{{ len "é" }} {{ len .list }} {{ len .map }}',
  ...["{{ len 1 }}", "{{ len nil }}"],
  '{{ index .list 1 }} {{ index .map "c.d" }} {{ index .deep "one" "two" }} {{ index .map "no" }} {{ index "abc" 1 }}',
  ...[
    "{{ index .list 9 }}",
    "{{ index .list -1 }}",
    "{{ index .missing 1 }}",
    '{{ index .list "a" }}',
    "{{ index 1 1 }}",
    "{{ index .map 1 }}",
  ],
  '{{ print 1 2 "a" "b" 3 true }} {{ print "a" 1 2 }} {{ println "a" 1 }}',
  '{{ html "<a href=\'x\'>&" }} {{ js "it\'s \\"x\\" <b>&=" }} {{ urlquery "a b/c?d=é&*" }}',
  '{{ printf "%d %5d|%-5d|%05d %+d %x %X %o %b %c %U %q" 42 42 42 42 42 255 255 8 5 65 65 65 }}',
  '{{ printf "%s|%10s|%-10s|%.2s|%q|%x|%X|%v" "héllo" "a" "a" "abc" "a\\"b\\n" "hi" "hi" "v" }}',
  '{{ printf "%f %.2f %8.3f %e %g %v %G" 1.5 1.555 3.14159 1234.5 0.00001234 1e21 2.5 }}',
  '{{ printf "%t %v %T %T %T" true .list 1 "a" 1.5 }}',
  '{{ printf "%d" "a" }} {{ printf "%s" 1 }} {{ printf "%d" 1.5 }} {{ printf "%t" 1 }}',
  '{{ printf "%d" }} {{ printf "a" 1 "b" }} {{ printf "%" }} {{ printf "%%" }} {{ printf "%s %v %d" nil nil nil }}',
  '{{ printf "%*d %.*f" 5 42 1 2.55 }} {{ printf "%v %s %d" .numbers .list .numbers }} {{ printf "%v" .map }}',
  '{{ printf "%#x %#o %#b" 255 8 5 }} {{ printf "% d" 5 }} {{ printf "%6.2f|%-8.1f|%08.2f" 1.0 2.0 -3.5 }}',
];

/** sprig's, and Traefik's own. */
const SPRIG = [
  '{{ env "X" }}|{{ env "NOT_THERE" }}|{{ expandenv "$X-${X}-$NOT_THERE-" }}',
  '{{ normalize .Name }} {{ normalize "/a__b.c/" }} {{ normalize "é1-ü" }}',
  '{{ split "a,b,c" "," }} {{ index (split "a.b" ".") 1 }} {{ splitList "," "a,b" }} {{ (splitn "," 2 "a,b,c")._1 }} {{ join "-" .list }} {{ join "," 1 }}',
  '{{ trim "  a " }}|{{ trimAll "-" "--a-" }}|{{ trimSuffix "b" "ab" }}|{{ trimPrefix "a" "ab" }}',
  '{{ upper "aé" }} {{ lower "AÉ" }} {{ title "hello big world" }} {{ untitle "Hello World" }} {{ swapcase "aB" }}',
  '{{ repeat 3 "ab" }} {{ substr 1 3 "abcde" }} {{ substr -1 2 "abc" }} {{ substr 1 -1 "abc" }} {{ trunc 2 "abc" }} {{ trunc -2 "abc" }} {{ abbrev 6 "abcdefghi" }} {{ nospace " a b " }} {{ initials "First Try" }}',
  '{{ contains "b" "abc" }} {{ hasPrefix "a" "abc" }} {{ hasSuffix "a" "abc" }} {{ plural "one" "many" 1 }} {{ plural "one" "many" 2 }}',
  '{{ quote "a\\"b" 1 }} {{ squote "a" 1 }} {{ cat "a" 1 true }} {{ replace "a" "b" "aca" }}',
  '{{ indent 2 "a\\nb" }}{{ nindent 2 "a\\nb" }}',
  "{{ toString 5 }} {{ toString .list }} {{ toStrings .numbers }} {{ sortAlpha .list }}",
  '{{ default "x" .missing }} {{ default "x" "" }} {{ default "x" "y" }} {{ .missing | default "d" }} {{ default 1 0 }} {{ default "x" false }}',
  '{{ empty "" }} {{ empty .list }} {{ coalesce "" 0 "a" "b" }} {{ all 1 "" }} {{ any 0 1 }} {{ ternary "a" "b" true }} {{ true | ternary "a" "b" }}',
  '{{ fail "no way" }}',
  '{{ list 1 "a" true }} {{ first .list }} {{ last .list }} {{ rest .list }} {{ initial .list }} {{ append .list "d" }} {{ prepend .list "z" }} {{ concat .list .numbers }}',
  '{{ reverse .list }} {{ uniq (list 1 2 1) }} {{ without .list "a" }} {{ has "a" .list }} {{ has 9 .numbers }} {{ slice .list 1 }} {{ slice .list 0 2 }} {{ chunk 2 .list }} {{ compact (list 0 1 "") }}',
  "{{ first (list) }}|{{ last (list) }}|{{ slice .list 2 9 }}",
  '{{ $d := dict "a" 1 "b" "two" }}{{ $d }} {{ $d.a }} {{ get $d "b" }} {{ get $d "c" }} {{ hasKey $d "a" }}',
  '{{ $d := dict "a" 1 }}{{ $_ := set $d "b" 2 }}{{ $d }}{{ $_ := unset $d "a" }}{{ $d }}',
  '{{ pick .map "a" }} {{ omit .map "a" }} {{ pluck "a" .map (dict "a" 5) }} {{ keys .map | sortAlpha }} {{ dig "one" "two" "no" .deep }} {{ dig "x" "y" "no" .deep }}',
  '{{ merge (dict "a" 1) (dict "a" 2 "b" 3) }} {{ mergeOverwrite (dict "a" 1) (dict "a" 2 "b" 3) }} {{ deepCopy .map }}',
  '{{ add 1 2 3 }} {{ add1 1 }} {{ sub 5 2 }} {{ mul 2 3 4 }} {{ div 7 2 }} {{ mod 7 3 }} {{ max 1 5 3 }} {{ min 4 2 }} {{ add "5" 1 }} {{ div -7 2 }}',
  '{{ ceil 1.2 }} {{ floor 1.8 }} {{ round 3.14159 2 }} {{ maxf 1.5 2.5 }} {{ minf 1 2 }} {{ int 3.9 }} {{ int "7" }} {{ int "x" }} {{ int64 true }} {{ float64 "1.5" }} {{ atoi "12" }} {{ atoi "x" }} {{ toDecimal "777" }}',
  ...["{{ div 1 0 }}", "{{ mod 1 0 }}"],
  "{{ until 3 }} {{ until -2 }} {{ untilStep 1 7 3 }} {{ seq 3 }} {{ seq 2 5 }} {{ seq 0 2 10 }} {{ seq 5 3 }} {{ seq 0 }} {{ seq }}",
  '{{ typeOf "a" }} {{ typeOf 1.5 }} {{ kindOf .list }} {{ kindOf .map }} {{ kindIs "string" "a" }} {{ typeIs "int" 1 }} {{ deepEqual (list 1 2) (list 1 2) }} {{ kindOf 1 }} {{ kindOf true }}',
  '{{ toJson .map }} {{ toJson (list 1 "<a>" true nil 1.5) }} {{ toRawJson "<a>" }} {{ toPrettyJson (dict "a" (list 1 2) "b" (dict)) }}',
  '{{ (fromJson "{\\"a\\": [1, 2.5, \\"x\\"]}").a }} {{ fromJson "nope" }} {{ (fromJson "{\\"a\\": {\\"b\\": 1}}").a.b }}',
  '{{ b64enc "héllo" }} {{ b64dec "aMOpbGxv" }} {{ base "/a/b.c" }} {{ dir "/a/b.c" }} {{ ext "b.tar.gz" }} {{ clean "/a/../b//c" }} {{ isAbs "/a" }} {{ base "" }} {{ dir "a" }}',
  '{{ regexMatch "^a.c$" "abc" }} {{ regexFind "b+" "abbc" }} {{ regexFindAll "[a-z]" "a1b2c" -1 }} {{ regexFindAll "[a-z]" "a1b2c" 2 }} {{ regexReplaceAll "a(x*)b" "-ab-axxb-" "${1}W" }} {{ regexReplaceAllLiteral "a(x*)b" "-ab-axxb-" "${1}" }} {{ regexSplit "z+" "pizza" -1 }} {{ regexSplit "," "a,b,c" 2 }} {{ regexQuoteMeta "a.b*c" }}',
  ...['{{ regexMatch "(" "a" }}', '{{ mustRegexMatch "(" "a" }}', '{{ repeat -1 "a" }}'],
];

/** What files of dynamic configurations look like. */
const FILES = [
  'http:\n  routers:\n{{- range $i, $e := until 3 }}\n    r{{ $e }}:\n      rule: "Host(`{{ printf "app%d" $i }}.{{ env "DOMAIN" }}`)"\n      service: s\n{{- end }}\n',
  '{{ $domains := list "a" "b" }}{{ range $domains }}\n- {{ . | quote }}{{ end }}',
  "Host(`{{ normalize .Name }}.example.com`)",
  'Host(`{{ index .Labels "host" }}`)',
  '{{ if eq (index .Labels "traefik.enable") "true" }}yes{{ end }}',
  '{{ with index .Labels "nope" }}{{ . }}{{ else }}none{{ end }}',
];

const ENV = { X: "value", DOMAIN: "example.com" };

export const CASES: readonly TemplateCase[] = [
  ...[...LANGUAGE, ...BUILTINS, ...SPRIG, ...FILES].map((template) => ({
    template,
    data: DATA,
    env: ENV,
  })),
  // The file provider's templates have "false" for data.
  ...["{{ . }}", "{{ .Name }}", "{{ if . }}a{{ else }}b{{ end }}"].map((template) => ({
    template,
    data: false,
  })),
  { template: "{{ index . 0 }} {{ . }}", data: [1, 2.5, "x"] },
];
