package main

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"io"

	"github.com/quic-go/qpack"
	"github.com/quic-go/quic-go/quicvarint"
)

const (
	dataFrame    = 0
	headersFrame = 1
)

// rawFrame is a frame of any type: header fields where it has some, else text.
type rawFrame struct {
	Type   uint64  `json:"type"`
	Fields []field `json:"fields"`
	Text   string  `json:"text"`
}

func (f rawFrame) append(to []byte) []byte {
	payload := []byte(f.Text)
	if f.Fields != nil {
		var block bytes.Buffer
		encoder := qpack.NewEncoder(&block)
		for _, line := range f.Fields {
			encoder.WriteField(qpack.HeaderField{Name: line[0], Value: line[1]})
		}
		encoder.Close()
		payload = block.Bytes()
		if len(f.Fields) == 0 {
			payload = []byte{0, 0}
		}
	}
	to = quicvarint.Append(to, f.Type)
	to = quicvarint.Append(to, uint64(len(payload)))
	return append(to, payload...)
}

// raw sends frames on a stream of their own as no decent client would, and ends it unless Open says
// otherwise. It tells "end" with the response's first head and the body, or "failed".
func raw(c command) {
	connection := connectionOf(c.Connection)
	stream, err := connection.quic.OpenStreamSync(context.Background())
	if err != nil {
		tell(failure(c.ID, "failed", err))
		return
	}
	var bytes []byte
	for _, f := range c.Frames {
		bytes = f.append(bytes)
	}
	// Where the server stops reading, its answer says why.
	go func() {
		if _, err := stream.Write(bytes); err == nil && !c.Open {
			stream.Close()
		}
	}()
	end := event{ID: c.ID, Event: "end"}
	input := bufio.NewReader(stream)
	for {
		kind, err := quicvarint.Read(input)
		if err == io.EOF {
			tell(end)
			return
		}
		var payload []byte
		if err == nil {
			payload, err = readPayload(input)
		}
		if err != nil {
			tell(failure(c.ID, "failed", err))
			return
		}
		switch kind {
		case dataFrame:
			end.Body += string(payload)
			end.Length += int64(len(payload))
		case headersFrame:
			if end.Status == 0 {
				err = end.readHead(payload)
			}
		}
		if err != nil {
			tell(failure(c.ID, "failed", err))
			return
		}
	}
}

func readPayload(input *bufio.Reader) ([]byte, error) {
	length, err := quicvarint.Read(input)
	if err != nil {
		return nil, err
	}
	payload := make([]byte, length)
	_, err = io.ReadFull(input, payload)
	return payload, err
}

func (e *event) readHead(block []byte) error {
	e.Fields = map[string][]string{}
	next := qpack.NewDecoder().Decode(block)
	for {
		line, err := next()
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return err
		}
		if line.Name == ":status" {
			fmt.Sscan(line.Value, &e.Status)
		} else {
			e.Fields[line.Name] = append(e.Fields[line.Name], line.Value)
		}
	}
}
