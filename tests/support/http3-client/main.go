// Command http3-client is an HTTP/3 client for tests: quic-go, which shares no code with the server's
// side, driven by commands on standard input, one in JSON a line. What becomes of them is told on
// standard output in the same way, under the command's id. It ends when its input ends, without a word
// to the servers that it is connected to.
package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"os"
	"sync"
)

// field is a name and a value.
type field [2]string

// command says what to do; see the functions that do it for what they read of it.
type command struct {
	ID int    `json:"id"`
	Do string `json:"do"`

	// connect
	Address     string `json:"address"`
	ServerName  string `json:"serverName"`
	Certificate string `json:"certificate"`
	Key         string `json:"key"`

	// request, load
	Connection   int     `json:"connection"`
	Method       string  `json:"method"`
	Authority    string  `json:"authority"`
	Path         string  `json:"path"`
	Fields       []field `json:"fields"`
	Trailers     []field `json:"trailers"`
	Body         string  `json:"body"`
	Size         int64   `json:"size"`
	NoLength     bool    `json:"noLength"`
	HoldBody     bool    `json:"holdBody"`
	Rest         string  `json:"rest"`
	HoldResponse bool    `json:"holdResponse"`
	Count        int     `json:"count"`
	Parallel     int     `json:"parallel"`

	// raw
	Frames []rawFrame `json:"frames"`
	Open   bool       `json:"open"`
}

// event is what came of a command. Its fields say nothing where they are empty.
type event struct {
	ID      int    `json:"id"`
	Event   string `json:"event"`
	Error   string `json:"error,omitempty"`
	Code    uint64 `json:"code,omitempty"`
	Subject string `json:"subject,omitempty"`
	Cipher  string `json:"cipher,omitempty"`

	Protocol string              `json:"protocol,omitempty"`
	Status   int                 `json:"status,omitempty"`
	Fields   map[string][]string `json:"fields,omitempty"`
	Trailers map[string][]string `json:"trailers,omitempty"`
	Interim  []string            `json:"interim,omitempty"`
	Length   int64               `json:"length,omitempty"`
	SHA256   string              `json:"sha256,omitempty"`
	Body     string              `json:"body,omitempty"`
	// Of load: how many ended with which status, or "error: ..." as one line.
	Outcomes map[string]int `json:"outcomes,omitempty"`
}

var (
	outputLock sync.Mutex
	output     = json.NewEncoder(os.Stdout)
)

func tell(e event) {
	outputLock.Lock()
	defer outputLock.Unlock()
	output.Encode(e)
}

func main() {
	output.SetEscapeHTML(false)
	input := bufio.NewScanner(os.Stdin)
	input.Buffer(nil, 16<<20)
	for input.Scan() {
		var c command
		if err := json.Unmarshal(input.Bytes(), &c); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(2)
		}
		switch c.Do {
		case "connect":
			go connect(c)
		case "request":
			control := newControl(c.ID)
			go request(c, control)
		case "load":
			go load(c)
		case "raw":
			go raw(c)
		case "proceed":
			controlOf(c.ID).proceed <- struct{}{}
		case "cancel":
			controlOf(c.ID).cancel()
		case "close":
			connectionOf(c.ID).close()
		default:
			fmt.Fprintf(os.Stderr, "unknown command %q\n", c.Do)
			os.Exit(2)
		}
	}
}
