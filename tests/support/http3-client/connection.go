package main

import (
	"context"
	"crypto/tls"
	"errors"
	"sync"
	"time"

	"github.com/quic-go/quic-go"
	"github.com/quic-go/quic-go/http3"
)

const handshakeTimeout = 10 * time.Second

type connection struct {
	quic *quic.Conn
	http *http3.ClientConn
}

var (
	connectionLock sync.Mutex
	connections    = map[int]*connection{}
)

// connectionOf panics for an id of no connection: the test is wrong.
func connectionOf(id int) *connection {
	connectionLock.Lock()
	defer connectionLock.Unlock()
	return connections[id]
}

// connect tells "connected" with the certificate's common name, or "failed"; later on "closed".
func connect(c command) {
	config := &tls.Config{
		InsecureSkipVerify: true,
		ServerName:         c.ServerName,
		NextProtos:         []string{http3.NextProtoH3},
	}
	if c.Certificate != "" {
		pair, err := tls.LoadX509KeyPair(c.Certificate, c.Key)
		if err != nil {
			tell(event{ID: c.ID, Event: "failed", Error: err.Error()})
			return
		}
		config.Certificates = []tls.Certificate{pair}
	}
	ctx, cancel := context.WithTimeout(context.Background(), handshakeTimeout)
	defer cancel()
	conn, err := quic.DialAddr(ctx, c.Address, config, &quic.Config{
		HandshakeIdleTimeout: handshakeTimeout,
		MaxIdleTimeout:       time.Minute,
	})
	if err != nil {
		tell(failure(c.ID, "failed", err))
		return
	}
	transport := &http3.Transport{DisableCompression: true, MaxResponseHeaderBytes: 1 << 20}
	made := &connection{quic: conn, http: transport.NewClientConn(conn)}
	connectionLock.Lock()
	connections[c.ID] = made
	connectionLock.Unlock()
	state := conn.ConnectionState().TLS
	connected := event{ID: c.ID, Event: "connected", Cipher: tls.CipherSuiteName(state.CipherSuite)}
	if len(state.PeerCertificates) > 0 {
		connected.Subject = state.PeerCertificates[0].Subject.CommonName
	}
	tell(connected)
	<-conn.Context().Done()
	tell(failure(c.ID, "closed", context.Cause(conn.Context())))
}

func (c *connection) close() { c.http.CloseWithError(0x100, "") }

// failure says what went wrong, with QUIC's or HTTP/3's code where the server gave one.
func failure(id int, name string, err error) event {
	e := event{ID: id, Event: name, Error: err.Error()}
	var stream *quic.StreamError
	var application *quic.ApplicationError
	var transport *quic.TransportError
	var http *http3.Error
	switch {
	case errors.As(err, &http):
		e.Code = uint64(http.ErrorCode)
	case errors.As(err, &stream):
		e.Code = uint64(stream.ErrorCode)
	case errors.As(err, &application):
		e.Code = uint64(application.ErrorCode)
	case errors.As(err, &transport):
		e.Code = uint64(transport.ErrorCode)
	}
	return e
}
