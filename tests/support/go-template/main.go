// Runs templates as Traefik's file provider does, and writes what they make: a reference for ours.
// Reads a JSON list of {template, data, env} and writes one of {output} or {error}.
package main

import (
	"bytes"
	"encoding/json"
	"log"
	"os"
	"strings"
	"text/template"
	"unicode"

	"github.com/Masterminds/sprig/v3"
)

type testCase struct {
	Template string            `json:"template"`
	Data     any               `json:"data"`
	Env      map[string]string `json:"env"`
}

type result struct {
	Output *string `json:"output,omitempty"`
	Error  string  `json:"error,omitempty"`
}

func main() {
	decoder := json.NewDecoder(os.Stdin)
	decoder.UseNumber()
	var cases []testCase
	if err := decoder.Decode(&cases); err != nil {
		log.Fatal(err)
	}
	results := make([]result, len(cases))
	for i, c := range cases {
		results[i] = run(c)
	}
	encoder := json.NewEncoder(os.Stdout)
	encoder.SetIndent("", "  ")
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(results); err != nil {
		log.Fatal(err)
	}
}

func run(c testCase) (found result) {
	defer func() {
		if recovered := recover(); recovered != nil {
			found = result{Error: "panic"}
		}
	}()
	for name, value := range c.Env {
		os.Setenv(name, value)
		defer os.Unsetenv(name)
	}
	functions := sprig.TxtFuncMap()
	functions["normalize"] = normalize
	functions["split"] = strings.Split
	parsed, err := template.New("case").Funcs(functions).Parse(c.Template)
	if err != nil {
		return result{Error: err.Error()}
	}
	var buffer bytes.Buffer
	if err := parsed.Execute(&buffer, withIntegers(c.Data)); err != nil {
		return result{Error: err.Error()}
	}
	output := buffer.String()
	return result{Output: &output}
}

// withIntegers makes int of whole numbers, as programs that call templates have them.
func withIntegers(data any) any {
	switch value := data.(type) {
	case json.Number:
		if integer, err := value.Int64(); err == nil {
			return int(integer)
		}
		float, _ := value.Float64()
		return float
	case []any:
		for i, element := range value {
			value[i] = withIntegers(element)
		}
	case map[string]any:
		for key, element := range value {
			value[key] = withIntegers(element)
		}
	}
	return data
}

func normalize(name string) string {
	return strings.Join(strings.FieldsFunc(name, func(r rune) bool {
		return !unicode.IsLetter(r) && !unicode.IsNumber(r)
	}), "-")
}
