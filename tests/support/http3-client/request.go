package main

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"net/http"
	"net/http/httptrace"
	"net/textproto"
	"strings"
	"sync"
)

// shownBody is how long a body may be for an event to show it, in bytes.
const shownBody = 64 * 1024

// control is how a request under way is influenced.
type control struct {
	ctx     context.Context
	cancel  context.CancelFunc
	proceed chan struct{}
}

var (
	controlLock sync.Mutex
	controls    = map[int]*control{}
)

func newControl(id int) *control {
	ctx, cancel := context.WithCancel(context.Background())
	made := &control{ctx, cancel, make(chan struct{}, 2)}
	controlLock.Lock()
	defer controlLock.Unlock()
	controls[id] = made
	return made
}

func controlOf(id int) *control {
	controlLock.Lock()
	defer controlLock.Unlock()
	return controls[id]
}

// wait holds on until the next "proceed", or the request's end.
func (c *control) wait() {
	select {
	case <-c.proceed:
	case <-c.ctx.Done():
	}
}

func header(fields []field) http.Header {
	header := http.Header{}
	for _, f := range fields {
		header.Add(f[0], f[1])
	}
	return header
}

// pattern is bytes that differ from their neighbours: 0 to 250, again and again.
type pattern struct{ at int }

func (p *pattern) Read(buffer []byte) (int, error) {
	for i := range buffer {
		buffer[i] = byte(p.at)
		p.at = (p.at + 1) % 251
	}
	return len(buffer), nil
}

// held gives nothing, and ends when the request may proceed; a cancelled one never ends cleanly.
type held struct{ control *control }

func (h held) Read([]byte) (int, error) {
	h.control.wait()
	if err := h.control.ctx.Err(); err != nil {
		return 0, err
	}
	return 0, io.EOF
}

// body is Body, Size bytes of the pattern, a wait where HoldBody says so, and Rest; nil for none.
func (c *command) body(control *control) (io.Reader, int64) {
	length := int64(len(c.Body)) + c.Size + int64(len(c.Rest))
	if length == 0 && !c.HoldBody && len(c.Trailers) == 0 {
		return nil, 0
	}
	parts := []io.Reader{strings.NewReader(c.Body), io.LimitReader(&pattern{}, c.Size)}
	if c.HoldBody {
		parts = append(parts, held{control})
	}
	if c.NoLength {
		length = -1
	}
	return io.MultiReader(append(parts, strings.NewReader(c.Rest))...), length
}

func (c *command) request(ctx context.Context, control *control) (*http.Request, error) {
	body, length := c.body(control)
	req, err := http.NewRequestWithContext(ctx, c.Method, "https://"+c.Authority+c.Path, body)
	if err != nil {
		return nil, err
	}
	req.ContentLength = length
	req.Header = header(c.Fields)
	if len(c.Trailers) > 0 {
		req.Trailer = header(c.Trailers)
	}
	return req, nil
}

// request tells "head" and "end", or "failed" in place of either.
func request(c command, control *control) {
	defer control.cancel()
	var interim []string
	ctx := httptrace.WithClientTrace(control.ctx, &httptrace.ClientTrace{
		Got1xxResponse: func(code int, header textproto.MIMEHeader) error {
			interim = append(interim, fmt.Sprintf("%d %s", code, header.Get("Link")))
			return nil
		},
	})
	req, err := c.request(ctx, control)
	if err != nil {
		tell(failure(c.ID, "failed", err))
		return
	}
	response, err := connectionOf(c.Connection).http.RoundTrip(req)
	if err != nil {
		tell(failure(c.ID, "failed", err))
		return
	}
	defer response.Body.Close()
	tell(event{
		ID: c.ID, Event: "head", Protocol: response.Proto, Status: response.StatusCode,
		Fields: response.Header, Interim: interim,
	})
	if c.HoldResponse {
		control.wait()
	}
	var shown bytes.Buffer
	hash := sha256.New()
	buffer := make([]byte, 64*1024)
	length := int64(0)
	for err == nil {
		var n int
		n, err = response.Body.Read(buffer)
		hash.Write(buffer[:n])
		length += int64(n)
		shown.Write(buffer[:min(n, shownBody-shown.Len())])
	}
	if err != io.EOF {
		broken := failure(c.ID, "failed", err)
		broken.Length = length
		tell(broken)
		return
	}
	end := event{
		ID: c.ID, Event: "end", Length: length, SHA256: hex.EncodeToString(hash.Sum(nil)),
		Trailers: response.Trailer,
	}
	if length <= shownBody {
		end.Body = shown.String()
	}
	tell(end)
}

// load makes Count equal requests, Parallel at a time, and tells "end" with how they ended.
func load(c command) {
	connection := connectionOf(c.Connection)
	var lock sync.Mutex
	var group sync.WaitGroup
	outcomes := map[string]int{}
	work := make(chan struct{})
	for range c.Parallel {
		group.Go(func() {
			for range work {
				outcome := func() string {
					req, err := c.request(context.Background(), nil)
					if err != nil {
						return "error: " + err.Error()
					}
					response, err := connection.http.RoundTrip(req)
					if err != nil {
						return "error: " + err.Error()
					}
					defer response.Body.Close()
					length, err := io.Copy(io.Discard, response.Body)
					if err != nil {
						return "error: " + err.Error()
					}
					return fmt.Sprintf("%d with %d bytes", response.StatusCode, length)
				}()
				lock.Lock()
				outcomes[outcome]++
				lock.Unlock()
			}
		})
	}
	for range c.Count {
		work <- struct{}{}
	}
	close(work)
	group.Wait()
	tell(event{ID: c.ID, Event: "end", Outcomes: outcomes})
}
